package controlplane

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"dev.monopod/control-plane/internal/proxynode"
)

func (config Config) proxyKubeconfig() string {
	if config.ControlPlane {
		return config.kubeconfig("kube-proxy")
	}
	return config.kubeconfig("joined-kube-proxy")
}

// writeJoinedProxyKubeconfig derives kube-proxy's kubeconfig from that of the cluster that this machine joins.
func (config Config) writeJoinedProxyKubeconfig() error {
	joined, err := clientcmd.LoadFromFile(config.Kubeconfig)
	if err != nil {
		return fmt.Errorf("kubeconfig: %w", err)
	}
	if err := api.MinifyConfig(joined); err != nil {
		return fmt.Errorf("kubeconfig %s: %w", config.Kubeconfig, err)
	}
	if err := api.FlattenConfig(joined); err != nil {
		return fmt.Errorf("kubeconfig %s: %w", config.Kubeconfig, err)
	}
	for _, cluster := range joined.Clusters {
		if err := fromInside(cluster, config.HostAddress); err != nil {
			return fmt.Errorf("kubeconfig %s: server %s: %w", config.Kubeconfig, cluster.Server, err)
		}
	}
	for _, user := range joined.AuthInfos {
		// A client can't have both; without ours kube-proxy works too, after it has waited for a Node.
		if user.Exec == nil && user.AuthProvider == nil {
			user.AuthProvider = proxynode.AuthProvider(config.HostAddress)
		}
	}
	content, err := clientcmd.Write(*joined)
	if err != nil {
		return err
	}
	return os.WriteFile(config.proxyKubeconfig(), content, 0o600)
}

// fromInside names a server of this host by the address that a VPC's namespace reaches; its certificate stays valid.
func fromInside(cluster *api.Cluster, hostAddress string) error {
	server, err := url.Parse(cluster.Server)
	if err != nil {
		return err
	}
	name := server.Hostname()
	address, err := netip.ParseAddr(name)
	if name != "localhost" && (err != nil || !address.IsLoopback()) {
		return nil
	}
	if cluster.TLSServerName == "" {
		cluster.TLSServerName = name
	}
	port := server.Port()
	if port == "" {
		port = "443"
	}
	server.Host = net.JoinHostPort(hostAddress, port)
	cluster.Server = server.String()
	return nil
}
