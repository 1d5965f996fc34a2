package controlplane

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dev.monopod/control-plane/internal/supervisor"
)

// components are the processes of the control plane, in an order in which each comes after what it needs.
func (config Config) components(self string) []supervisor.Process {
	etcdClient := probe{url: "https://127.0.0.1:2379/readyz", authority: config.pki("etcd-ca.crt"), pair: config.pki("apiserver-etcd-client")}
	local := func(url string) probe {
		return probe{url: url, authority: config.pki("ca.crt"), pair: config.pki("admin")}
	}
	return []supervisor.Process{
		{Name: "etcd", Command: append([]string{self}, config.etcd()...), Ready: etcdClient.check,
			Environment: map[string]string{"GOGC": "50", "GOMEMLIMIT": "512MiB"}},
		{Name: "kube-apiserver", Command: append([]string{self}, config.apiServer()...), After: []string{"etcd"},
			Ready: local("https://127.0.0.1:6443/readyz").check, Environment: map[string]string{"GOGC": "60"}},
		{Name: "kube-controller-manager", Command: append([]string{self}, config.controllerManager()...), After: []string{"kube-apiserver"},
			Ready: local("https://127.0.0.1:10257/healthz").check, Environment: map[string]string{"GOGC": "50"}},
		{Name: "kube-scheduler", Command: append([]string{self}, config.scheduler()...), After: []string{"kube-apiserver"},
			Ready: local("https://127.0.0.1:10259/readyz").check, Environment: map[string]string{"GOGC": "50"}},
		config.proxyProcess(self),
		{Name: "coredns", Command: []string{self, "coredns", "-conf", config.corefile()}, After: []string{"kube-apiserver"},
			// It answers pods from what it knows while an upgrade stops the API server, which takes long.
			StopsLast:    true,
			Precondition: func() error { return addressExists(config.HostAddress) },
			Ready:        probe{url: "http://127.0.0.1:18181/ready"}.check, Environment: map[string]string{"GOGC": "50"}},
		{Name: "metrics-server", Command: append([]string{self}, config.metricsServer()...), After: []string{"kube-apiserver"},
			Precondition: func() error { return addressExists(config.HostAddress) },
			Ready:        probe{url: "https://" + config.HostAddress + ":4443/livez", authority: config.pki("ca.crt")}.check,
			Environment:  map[string]string{"GOGC": "50"}},
	}
}

// proxyProcess translates Services for the VPC, so it runs in the VPC's network namespace.
func (config Config) proxyProcess(self string) supervisor.Process {
	return supervisor.Process{
		Name:         "kube-proxy",
		Command:      append([]string{"ip", "netns", "exec", config.NetworkNamespace, self}, config.kubeProxy()...),
		After:        []string{"kube-apiserver"},
		Precondition: func() error { return namespaceExists(config.NetworkNamespace) },
		Ready:        probe{url: "http://127.0.0.1:10256/livez", namespace: config.NetworkNamespace}.check,
		Environment:  map[string]string{"GOGC": "50"},
	}
}

func (config Config) etcd() []string {
	arguments := []string{"etcd",
		"--name=monopod", "--data-dir=" + filepath.Join(config.DataDir, "etcd"),
		"--listen-client-urls=https://127.0.0.1:2379", "--advertise-client-urls=https://127.0.0.1:2379",
		"--listen-peer-urls=https://127.0.0.1:2380", "--initial-advertise-peer-urls=https://127.0.0.1:2380",
		"--initial-cluster=monopod=https://127.0.0.1:2380",
		"--client-cert-auth=true", "--trusted-ca-file=" + config.pki("etcd-ca.crt"),
		"--cert-file=" + config.pki("etcd-server.crt"), "--key-file=" + config.pki("etcd-server.key"),
		"--peer-client-cert-auth=true", "--peer-trusted-ca-file=" + config.pki("etcd-ca.crt"),
		"--peer-cert-file=" + config.pki("etcd-server.crt"), "--peer-key-file=" + config.pki("etcd-server.key"),
		"--snapshot-count=10000", "--log-level=warn", "--logger=zap",
		// One member has nobody to wait for; its first leader comes a second sooner.
		"--heartbeat-interval=100", "--election-timeout=500",
	}
	if config.UnsafeNoFsync {
		arguments = append(arguments, "--unsafe-no-fsync")
	}
	return arguments
}

func (config Config) apiServer() []string {
	arguments := []string{"kube-apiserver",
		"--advertise-address=" + config.HostAddress, "--bind-address=0.0.0.0", "--secure-port=6443",
		"--etcd-servers=https://127.0.0.1:2379", "--etcd-cafile=" + config.pki("etcd-ca.crt"),
		"--etcd-certfile=" + config.pki("apiserver-etcd-client.crt"), "--etcd-keyfile=" + config.pki("apiserver-etcd-client.key"),
		"--tls-cert-file=" + config.pki("apiserver.crt"), "--tls-private-key-file=" + config.pki("apiserver.key"),
		"--client-ca-file=" + config.pki("ca.crt"), "--authorization-mode=Node,RBAC",
		"--authentication-config=" + config.authenticationFile(), "--enable-bootstrap-token-auth=true", "--enable-admission-plugins=NodeRestriction",
		"--encryption-provider-config=" + config.encryptionFile(), "--encryption-provider-config-automatic-reload=true",
		"--audit-policy-file=" + config.auditPolicyFile(), "--audit-log-path=" + config.auditLog(),
		"--audit-log-maxsize=100", "--audit-log-maxbackup=5", "--audit-log-maxage=30",
		"--service-account-issuer=https://kubernetes.default.svc." + config.ClusterDomain,
		"--service-account-key-file=" + config.pki("sa.pub"), "--service-account-signing-key-file=" + config.pki("sa.key"),
		"--requestheader-client-ca-file=" + config.pki("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + config.pki("front-proxy-client.crt"), "--proxy-client-key-file=" + config.pki("front-proxy-client.key"),
		"--enable-aggregator-routing=true",
		"--kubelet-certificate-authority=" + config.pki("kubelet-ca.crt"),
		"--kubelet-client-certificate=" + config.pki("apiserver-kubelet-client.crt"),
		"--kubelet-client-key=" + config.pki("apiserver-kubelet-client.key"), "--kubelet-preferred-address-types=InternalIP",
		"--service-cluster-ip-range=" + config.ServiceCIDR, "--allow-privileged=true", "--profiling=false",
	}
	if config.TokenWebhook != "" {
		arguments = append(arguments, "--authentication-token-webhook-config-file="+config.tokenWebhookFile(),
			"--authentication-token-webhook-version=v1")
	}
	return arguments
}

func (config Config) controllerManager() []string {
	kubeconfig := config.kubeconfig("controller-manager")
	return []string{"kube-controller-manager",
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--controllers=*,token-cleaner-controller",
		"--bind-address=127.0.0.1", "--use-service-account-credentials=true", "--root-ca-file=" + config.pki("ca.crt"),
		"--service-account-private-key-file=" + config.pki("sa.key"), "--allocate-node-cidrs=false",
		"--cluster-signing-cert-file=" + config.pki("ca.crt"), "--cluster-signing-key-file=" + config.pki("ca.key"),
		"--service-cluster-ip-range=" + config.ServiceCIDR, "--requestheader-client-ca-file=" + config.pki("front-proxy-ca.crt"),
		"--tls-cert-file=" + config.pki("controller-manager-serving.crt"), "--tls-private-key-file=" + config.pki("controller-manager-serving.key"),
		// The lock only matters between replicas; there is one. After a kill it would cost 15 s.
		"--leader-elect=false", "--profiling=false",
	}
}

func (config Config) scheduler() []string {
	kubeconfig := config.kubeconfig("scheduler")
	return []string{"kube-scheduler",
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false",
		"--requestheader-client-ca-file=" + config.pki("front-proxy-ca.crt"),
		"--tls-cert-file=" + config.pki("scheduler-serving.crt"), "--tls-private-key-file=" + config.pki("scheduler-serving.key"),
	}
}

// kubeProxy runs where no Node object exists; its kubeconfig tells it of one, see proxynode.
func (config Config) kubeProxy() []string {
	return []string{"kube-proxy",
		"--kubeconfig=" + config.proxyKubeconfig(), "--proxy-mode=nftables", "--bind-address=" + config.HostAddress,
		"--hostname-override=" + config.NetworkNamespace, "--cluster-cidr=" + config.VpcCIDR, "--detect-local-mode=ClusterCIDR",
		"--healthz-bind-address=127.0.0.1:10256", "--metrics-bind-address=127.0.0.1:10249",
		// Connection tracking limits belong to the host, and can't be set from a network namespace.
		"--conntrack-max-per-core=0", "--conntrack-min=0", "--conntrack-tcp-timeout-established=0s", "--conntrack-tcp-timeout-close-wait=0s",
	}
}

func (config Config) metricsServer() []string {
	kubeconfig := config.kubeconfig("metrics-server")
	return []string{"metrics-server",
		"--kubeconfig=" + kubeconfig, "--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=" + config.HostAddress, "--secure-port=4443",
		"--tls-cert-file=" + config.pki("metrics-server-serving.crt"), "--tls-private-key-file=" + config.pki("metrics-server-serving.key"),
		"--kubelet-certificate-authority=" + config.pki("kubelet-ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-use-node-status-port",
		// The least that it takes: usage is known after two rounds.
		"--metric-resolution=10s", "--kubelet-request-timeout=8s",
	}
}

func (config Config) corefile() string { return filepath.Join(config.DataDir, "config", "Corefile") }

func (config Config) authenticationFile() string {
	return filepath.Join(config.DataDir, "config", "authentication.yaml")
}

func (config Config) tokenWebhookFile() string {
	return filepath.Join(config.DataDir, "config", "token-webhook.kubeconfig")
}

// writeTokenWebhook says whom the API server asks about tokens. Service accounts' and bootstrap tokens it knows itself, and
// first: who answers, or that nobody does, changes nothing for them.
func (config Config) writeTokenWebhook() error {
	if config.TokenWebhook == "" {
		return nil
	}
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
  - name: controller
    cluster:
      server: %q
      certificate-authority: %q
users:
  - name: kube-apiserver
contexts:
  - name: controller
    context: {cluster: controller, user: kube-apiserver}
current-context: controller
`, config.TokenWebhook, config.pki("webhook-ca.crt"))
	return os.WriteFile(config.tokenWebhookFile(), []byte(text), 0o600)
}

// writeFiles writes the configuration files of components.
func (config Config) writeFiles() error {
	if err := os.MkdirAll(filepath.Join(config.DataDir, "config"), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(config.auditLog()), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(config.auditPolicyFile(), []byte(auditPolicy), 0o644); err != nil {
		return err
	}
	authentication := `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
anonymous:
  enabled: true
  conditions:
    - path: /livez
    - path: /readyz
    - path: /healthz
`
	if err := os.WriteFile(config.authenticationFile(), []byte(authentication), 0o644); err != nil {
		return err
	}
	if err := config.writeTokenWebhook(); err != nil {
		return err
	}
	forward := ""
	if resolvers, err := os.ReadFile("/etc/resolv.conf"); err == nil && strings.Contains(string(resolvers), "nameserver") {
		forward = "    forward . /etc/resolv.conf\n"
	}
	corefile := fmt.Sprintf(`.:1053 {
    bind %s
    errors
    health 127.0.0.1:18080
    ready 127.0.0.1:18181
    kubernetes %s in-addr.arpa ip6.arpa {
        kubeconfig %s
        pods verified
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
%s    cache 30
    loadbalance
    reload
}
`, config.HostAddress, config.ClusterDomain, config.kubeconfig("coredns"), forward)
	return os.WriteFile(config.corefile(), []byte(corefile), 0o644)
}
