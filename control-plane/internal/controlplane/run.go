package controlplane

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dev.monopod/control-plane/internal/certificates"
	"dev.monopod/control-plane/internal/encryption"
	"dev.monopod/control-plane/internal/granting"
	"dev.monopod/control-plane/internal/joining"
	"dev.monopod/control-plane/internal/supervisor"
)

// Apply installs objects that the control plane needs; called each time the API server becomes ready.
type Apply func(ctx context.Context, kubeconfig string, values map[string]string, caFile string) error

// Run supervises until the context ends.
func Run(ctx context.Context, config Config, apply Apply) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var processes []supervisor.Process
	if config.ControlPlane {
		if _, err := certificates.Ensure(config.certificates()); err != nil {
			return err
		}
		if err := encryption.Ensure(config.encryptionFile(), time.Now()); err != nil {
			return err
		}
		if err := config.writeFiles(); err != nil {
			return err
		}
		processes = config.components(self)
		for i := range processes {
			if processes[i].Name == "kube-apiserver" {
				processes[i].OnReady = func(ctx context.Context) { config.applyUntilDone(ctx, apply) }
			}
		}
	}
	if !config.ControlPlane {
		if err := config.writeJoinedProxyKubeconfig(); err != nil {
			return err
		}
		proxy := config.proxyProcess(self)
		proxy.After = nil
		processes = append(processes, proxy)
	}
	for _, process := range config.Processes {
		more := supervisor.Process{Name: process.Name, Command: process.Command, Environment: process.Environment}
		for _, name := range process.After {
			// With another cluster there is no API server of ours to wait for.
			if config.ControlPlane || !slices.Contains(componentNames, name) {
				more.After = append(more.After, name)
			}
		}
		if process.Ready != nil {
			more.Ready = probe{url: process.Ready.URL}.check
		}
		if process.Alive != nil {
			more.Alive = probe{url: process.Alive.URL}.alive
		}
		processes = append(processes, more)
	}
	s, err := supervisor.New(supervisor.Options{RunDir: config.RunDir, LogDir: filepath.Join(config.DataDir, "logs")}, processes)
	if err != nil {
		return err
	}
	if config.ControlPlane {
		go config.answerHosts(ctx)
		go config.renewDaily(ctx, s)
		go config.keepEncrypted(ctx)
	}
	switch {
	case config.ControlPlane:
	case config.Guest:
		go config.renewDaily(ctx, s)
		go config.keepTokens(ctx)
	default:
		go config.renewMember(ctx, s)
	}
	return s.Run(ctx)
}

var componentNames = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "coredns", "metrics-server"}

func (config Config) certificates() certificates.Options {
	return certificates.Options{DataDir: config.DataDir, HostName: config.HostName, HostAddress: config.HostAddress, ExtraNames: config.ExtraNames,
		ServiceCIDR: config.ServiceCIDR, ClusterDomain: config.ClusterDomain}
}

func (config Config) applyUntilDone(ctx context.Context, apply Apply) {
	values := map[string]string{"HOST_ADDRESS": config.HostAddress, "DNS_ADDRESS": config.DNSAddress, "HOST_NAME": config.HostName}
	for ctx.Err() == nil {
		attempt, cancel := context.WithTimeout(ctx, time.Minute)
		err := apply(attempt, config.kubeconfig("admin"), values, config.pki("ca.crt"))
		cancel()
		if err == nil {
			slog.Info("addons applied")
			return
		}
		slog.Warn("addons not applied yet", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// answerHosts gives other machines what they need to join; it waits for the API server by itself.
func (config Config) answerHosts(ctx context.Context) {
	authority := joining.Authority{Path: config.pki("kubelet-ca"), NoPods: config.withoutPods()}
	for ctx.Err() == nil {
		if err := joining.Answer(ctx, config.kubeconfig("admin"), authority); err != nil {
			slog.Warn("hosts can't join", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

// withoutPods are the Services' range, and this host's own address.
func (config Config) withoutPods() []netip.Prefix {
	var ranges []netip.Prefix
	if services, err := netip.ParsePrefix(config.ServiceCIDR); err == nil {
		ranges = append(ranges, services)
	}
	if address, err := netip.ParseAddr(config.HostAddress); err == nil {
		ranges = append(ranges, netip.PrefixFrom(address, address.BitLen()))
	}
	return ranges
}

// renewDaily restarts the processes that read their certificate only once. Upstream's components re-read files.
func (config Config) renewDaily(ctx context.Context, s *supervisor.Supervisor) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(24 * time.Hour):
		}
		issued, err := certificates.Ensure(config.certificates())
		if err != nil {
			slog.Error("certificates not renewed", "error", err)
		}
		for _, process := range config.Processes {
			if slices.Contains(issued, process.Name) || (process.Name == "controller" && slices.Contains(issued, "webhook")) {
				if err := s.Restart(process.Name); err != nil {
					slog.Error("not restarted after renewal", "name", process.Name, "error", err)
				}
			}
		}
	}
}

// keepTokens says once of each trouble that there is, and once that it is over. A token may live ten minutes.
func (config Config) keepTokens(ctx context.Context) {
	keeper := granting.Keeper{DataDir: config.DataDir, HostName: config.HostName, Controller: config.runs("controller")}
	said := ""
	for {
		trouble := ""
		if err := keeper.Pass(ctx, time.Now()); err != nil {
			trouble = err.Error()
		}
		switch {
		case trouble == said || ctx.Err() != nil:
		case trouble == "":
			slog.Info("the cluster takes the credentials of this host again")
		default:
			slog.Error("credentials of this host", "error", trouble)
		}
		said = trouble
		select {
		case <-ctx.Done():
			return
		case <-time.After(30 * time.Second):
		}
	}
}

func (config Config) runs(process string) bool {
	return slices.ContainsFunc(config.Processes, func(p Process) bool { return p.Name == process })
}

// renewMember does the same for a host that has joined: the first host signs, so that one has to be there.
func (config Config) renewMember(ctx context.Context, s *supervisor.Supervisor) {
	member := joining.Member{DataDir: config.DataDir, Kubeconfig: config.Kubeconfig}
	for {
		pause := time.Hour
		renewed, err := member.Renew(ctx, time.Now())
		if err != nil {
			slog.Error("certificates not renewed", "error", err)
			pause = time.Minute
		}
		if renewed {
			slog.Info("certificates renewed")
			if err := config.writeJoinedProxyKubeconfig(); err != nil {
				slog.Error("kube-proxy's kubeconfig not renewed", "error", err)
			}
			for _, name := range []string{"agent", "kube-proxy"} {
				if err := s.Restart(name); err != nil {
					slog.Error("not restarted after renewal", "name", name, "error", err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
