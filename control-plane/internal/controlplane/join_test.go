package controlplane

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

func TestProxyOfAJoinedClusterReachesAServerOfThisHost(t *testing.T) {
	for server, want := range map[string][2]string{
		"https://127.0.0.1:6443":    {"https://192.168.0.4:6443", "127.0.0.1"},
		"https://localhost":         {"https://192.168.0.4:443", "localhost"},
		"https://k8s.example:6443":  {"https://k8s.example:6443", ""},
		"https://203.0.113.7:12345": {"https://203.0.113.7:12345", ""},
	} {
		data := t.TempDir()
		if err := os.Mkdir(filepath.Join(data, "kubeconfig"), 0o700); err != nil {
			t.Fatal(err)
		}
		given := filepath.Join(data, "given")
		content := "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}, {name: d, context: {cluster: l, user: u}}]," +
			" clusters: [{name: k, cluster: {server: '" + server + "'}}, {name: l, cluster: {server: 'https://other'}}], users: [{name: u, user: {token: secret}}]}"
		if err := os.WriteFile(given, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		config := Config{DataDir: data, HostAddress: "192.168.0.4", Kubeconfig: given}

		if err := config.writeJoinedProxyKubeconfig(); err != nil {
			t.Fatal(err)
		}

		written, err := clientcmd.BuildConfigFromFlags("", config.proxyKubeconfig())
		if err != nil {
			t.Fatal(err)
		}
		if written.Host != want[0] || written.TLSClientConfig.ServerName != want[1] {
			t.Errorf("%s: got %s with name %q, want %s with %q", server, written.Host, written.TLSClientConfig.ServerName, want[0], want[1])
		}
		if written.BearerToken != "secret" || written.AuthProvider == nil {
			t.Errorf("%s: the user is not the one given", server)
		}
	}
}
