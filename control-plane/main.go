// Command monopod-control-plane is a whole Kubernetes control plane for one machine: each upstream component as a
// subcommand with its own flags, and the supervisor that makes certificates, starts the components and tends them.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"dev.monopod/control-plane/internal/addons"
	"dev.monopod/control-plane/internal/certificates"
	"dev.monopod/control-plane/internal/controlplane"
	"dev.monopod/control-plane/internal/encryption"
	"dev.monopod/control-plane/internal/granting"
	"dev.monopod/control-plane/internal/joining"
	"dev.monopod/control-plane/internal/supervisor"
)

func main() {
	root := &cobra.Command{Use: "monopod-control-plane", Short: "Kubernetes control plane for one machine", SilenceUsage: true}
	root.AddCommand(componentCommands()...)
	root.AddCommand(certificatesCommand(), rotateKeyCommand(), joinCommand(), grantCommand(), superviseCommand(), statusCommand(), backupCommand(), restoreCommand())
	if err := root.Execute(); err != nil {
		os.Exit(1)
	}
}

func certificatesCommand() *cobra.Command {
	var options certificates.Options
	command := &cobra.Command{
		Use:   "certificates",
		Short: "Create or renew the certificates and kubeconfigs under the data folder",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			renewed, err := certificates.Ensure(options)
			for _, name := range renewed {
				fmt.Fprintln(command.OutOrStdout(), "issued", name)
			}
			return err
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.DataDir, "data-dir", "/var/lib/monopod", "data folder")
	flags.StringVar(&options.HostName, "host-name", "", "name of this host, which its agent's user has")
	flags.StringVar(&options.HostAddress, "host-address", "", "address of this host inside the VPC")
	flags.StringSliceVar(&options.ExtraNames, "extra-san", nil, "further names or addresses of the API server")
	flags.StringVar(&options.ServiceCIDR, "service-cidr", "10.100.0.0/16", "addresses of Services")
	flags.StringVar(&options.ClusterDomain, "cluster-domain", "cluster.local", "DNS domain of the cluster")
	flags.IntVar(&options.APIServerPort, "api-server-port", 6443, "port of the API server")
	_ = command.MarkFlagRequired("host-address")
	return command
}

func rotateKeyCommand() *cobra.Command {
	var dataDir string
	command := &cobra.Command{
		Use:   "rotate-encryption-key",
		Short: "Encrypt Secrets with a new key; the supervisor writes them anew, then drops the older keys",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			name, err := encryption.Rotate(filepath.Join(dataDir, "pki", encryption.FileName), time.Now())
			if err == nil {
				fmt.Fprintln(command.OutOrStdout(), "new key", name)
			}
			return err
		},
	}
	command.Flags().StringVar(&dataDir, "data-dir", "/var/lib/monopod", "data folder")
	return command
}

func joinCommand() *cobra.Command {
	var options joining.Options
	var tokenFile string
	command := &cobra.Command{
		Use:   "join",
		Short: "Get the credentials of a host of a cluster whose control plane is Monopod's",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			content, err := os.ReadFile(tokenFile)
			if err != nil {
				return fmt.Errorf("token: %w", err)
			}
			options.Token = strings.TrimSpace(string(content))
			return joining.Join(command.Context(), options)
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.Server, "server", "", "address and port of the API server")
	flags.StringVar(&tokenFile, "token-file", "", "file with the bootstrap token; as an argument every user of the machine could read it")
	flags.StringVar(&options.CAHash, "ca-hash", "", "sha256:HEX of the public key of the cluster's authority")
	flags.StringVar(&options.DataDir, "data-dir", "/var/lib/monopod", "data folder")
	flags.StringVar(&options.HostName, "host-name", "", "name of the host")
	flags.StringVar(&options.Kubeconfig, "kubeconfig", "", "kubeconfig to write")
	for _, name := range []string{"server", "token-file", "ca-hash", "host-name", "kubeconfig"} {
		_ = command.MarkFlagRequired(name)
	}
	return command
}

func grantCommand() *cobra.Command {
	var options granting.Options
	command := &cobra.Command{
		Use:   "grant",
		Short: "Give a host credentials of its own in a cluster that was there before Monopod",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return granting.Grant(command.Context(), options)
		},
	}
	flags := command.Flags()
	flags.StringVar(&options.Kubeconfig, "kubeconfig", "", "an administrator's kubeconfig")
	flags.StringVar(&options.DataDir, "data-dir", "/var/lib/monopod", "data folder")
	flags.StringVar(&options.HostName, "host-name", "", "name of the host")
	flags.BoolVar(&options.Controller, "controller", false, "whether the host runs a controller; if not, what it had for one is taken from it")
	for _, name := range []string{"kubeconfig", "host-name"} {
		_ = command.MarkFlagRequired(name)
	}
	return command
}

func superviseCommand() *cobra.Command {
	var configFile string
	command := &cobra.Command{
		Use:   "supervise",
		Short: "Run the control plane and further processes of this machine, and restart what dies",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			ctx, cancel := signal.NotifyContext(command.Context(), syscall.SIGTERM, syscall.SIGINT)
			defer cancel()
			signal.Ignore(syscall.SIGHUP)
			config, err := controlplane.Load(configFile)
			if err != nil {
				return err
			}
			return controlplane.Run(ctx, config, addons.Apply)
		},
	}
	command.Flags().StringVar(&configFile, "config", "", "configuration file (JSON)")
	_ = command.MarkFlagRequired("config")
	return command
}

func statusCommand() *cobra.Command {
	var runDir string
	command := &cobra.Command{
		Use:   "supervisor-status",
		Short: "Print the state of every supervised process as JSON",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			response, err := supervisor.Client(runDir).Get("http://supervisor/status")
			if err != nil {
				return fmt.Errorf("the supervisor of %s does not answer: %w", runDir, err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				return err
			}
			var value any
			if err := json.Unmarshal(body, &value); err != nil {
				return err
			}
			encoder := json.NewEncoder(command.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(value)
		},
	}
	command.Flags().StringVar(&runDir, "run-dir", "/run/monopod", "folder of the control socket")
	return command
}
