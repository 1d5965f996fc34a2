package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/component-base/version"

	"dev.monopod/control-plane/internal/backup"
	"dev.monopod/control-plane/internal/controlplane"
)

// settings are those of a cluster that are in its objects, too.
func settings(config controlplane.Config) map[string]string {
	return map[string]string{"the range of Services": config.ServiceCIDR, "the range of the VPC": config.VpcCIDR,
		"the DNS domain": config.ClusterDomain}
}

func backupCommand() *cobra.Command {
	var options backup.Options
	var configFile string
	command := &cobra.Command{
		Use:   "backup",
		Short: "Write etcd's snapshot and the keys without which it is of no use into one file",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := controlplane.Load(configFile)
			if err != nil {
				return err
			}
			options.DataDir, options.Host, options.Settings = config.DataDir, config.HostName, settings(config)
			options.Kubernetes, options.Now = version.Get().GitVersion, time.Now()
			manifest, err := backup.Make(command.Context(), options)
			if err != nil {
				return err
			}
			return printJSON(command, manifest)
		},
	}
	flags := command.Flags()
	flags.StringVar(&configFile, "config", "", "configuration file of supervise (JSON)")
	flags.StringVar(&options.File, "file", "", "file to write")
	flags.StringVar(&options.Monopod, "monopod-version", "", "noted in the file")
	flags.StringVar(&options.Etcd, "etcd", "https://127.0.0.1:2379", "where etcd answers")
	for _, name := range []string{"config", "file"} {
		_ = command.MarkFlagRequired(name)
	}
	return command
}

func restoreCommand() *cobra.Command {
	var target backup.Target
	var configFile string
	command := &cobra.Command{
		Use:   "restore",
		Short: "Put back what backup wrote; nothing may run",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := controlplane.Load(configFile)
			if err != nil {
				return err
			}
			target.DataDir, target.Settings = config.DataDir, settings(config)
			target.Kubernetes, target.Now = version.Get().GitVersion, time.Now()
			outcome, err := backup.Restore(target)
			if err != nil {
				return err
			}
			return printJSON(command, outcome)
		},
	}
	flags := command.Flags()
	flags.StringVar(&configFile, "config", "", "configuration file of supervise (JSON)")
	flags.StringVar(&target.File, "file", "", "file that backup wrote")
	for _, name := range []string{"config", "file"} {
		_ = command.MarkFlagRequired(name)
	}
	return command
}

func printJSON(command *cobra.Command, value any) error {
	encoded, err := json.Marshal(value)
	if err == nil {
		_, err = fmt.Fprintln(command.OutOrStdout(), string(encoded))
	}
	return err
}
