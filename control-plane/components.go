package main

import (
	"fmt"
	"os"
	_ "time/tzdata" // CronJob time zones

	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	genericserver "k8s.io/apiserver/pkg/server"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	metricsserver "sigs.k8s.io/metrics-server/cmd/metrics-server/app"

	"dev.monopod/control-plane/internal/proxynode"
)

// component returns a subcommand that hands all its arguments to upstream's own main.
// Upstream's command is built only when asked for: building all of them would slow every start.
func component(name string, run func()) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		Short:              "Upstream's " + name + ", with its own flags",
		DisableFlagParsing: true,
		Run: func(_ *cobra.Command, arguments []string) {
			os.Args = append([]string{name}, arguments...)
			run()
		},
	}
}

func componentCommands() []*cobra.Command {
	return []*cobra.Command{
		component("etcd", func() { etcdmain.Main(os.Args) }),
		component("kube-apiserver", func() { os.Exit(cli.Run(apiserver.NewAPIServerCommand())) }),
		component("kube-controller-manager", func() { os.Exit(cli.Run(controllermanager.NewControllerManagerCommand())) }),
		component("kube-scheduler", func() { os.Exit(cli.Run(scheduler.NewSchedulerCommand())) }),
		component("kube-proxy", runProxy),
		component("coredns", coremain.Run),
		component("metrics-server", runMetricsServer),
		component("kubectl", runKubectl),
	}
}

func runProxy() {
	if err := proxynode.Register(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(cli.Run(proxy.NewProxyCommand()))
}

func runMetricsServer() {
	logs.InitLogs()
	defer logs.FlushLogs()
	if metricsserver.NewMetricsServerCommand(genericserver.SetupSignalHandler()).Execute() != nil {
		os.Exit(1)
	}
}

func runKubectl() {
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
