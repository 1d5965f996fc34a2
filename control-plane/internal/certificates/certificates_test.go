package certificates

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

func options(t *testing.T) Options {
	return Options{DataDir: t.TempDir(), HostAddress: "192.168.0.4", ServiceCIDR: "10.100.0.0/16"}
}

func ensure(t *testing.T, options Options) []string {
	t.Helper()
	issued, err := Ensure(options)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func TestSecondCallIssuesNothing(t *testing.T) {
	options := options(t)
	if len(ensure(t, options)) == 0 {
		t.Error("the first call issued nothing")
	}
	if issued := ensure(t, options); len(issued) != 0 {
		t.Errorf("the second call issued %v", issued)
	}
}

func TestRenewsWhenLessThanAThirdOfLifeIsLeft(t *testing.T) {
	options := options(t)
	all := ensure(t, options)
	options.Now = func() time.Time { return time.Now().Add(leafLife / 2) }
	if issued := ensure(t, options); len(issued) != 0 {
		t.Errorf("renewed too early: %v", issued)
	}
	authorityBefore, _ := os.ReadFile(options.path("ca.crt"))
	options.Now = func() time.Time { return time.Now().Add(leafLife * 7 / 10) }
	if issued := ensure(t, options); !slices.Equal(issued, all) {
		t.Errorf("renewed %v, want all of %v", issued, all)
	}
	authorityAfter, _ := os.ReadFile(options.path("ca.crt"))
	if !slices.Equal(authorityBefore, authorityAfter) {
		t.Error("the authority changed")
	}
}

func TestIssuesAnewWhenNamesChange(t *testing.T) {
	options := options(t)
	ensure(t, options)
	options.ExtraNames = []string{"cluster.example"}
	if issued := ensure(t, options); !slices.Equal(issued, []string{"apiserver", "eks"}) {
		t.Errorf("issued %v", issued)
	}
}

func TestIssuesAnewWhenAKeyIsLost(t *testing.T) {
	options := options(t)
	ensure(t, options)
	if err := os.Remove(options.path("agent.key")); err != nil {
		t.Fatal(err)
	}
	if issued := ensure(t, options); !slices.Equal(issued, []string{"agent"}) {
		t.Errorf("issued %v", issued)
	}
}

func TestNeverReplacesABrokenAuthority(t *testing.T) {
	options := options(t)
	ensure(t, options)
	if err := os.Remove(options.path("ca.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := Ensure(options); err == nil {
		t.Error("an authority without key was accepted or replaced")
	}
}

func TestAPIServerIsValidForAllItsNames(t *testing.T) {
	options := options(t)
	ensure(t, options)
	authority, _, err := read(options.path("ca"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	server, _, err := read(options.path("apiserver"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"127.0.0.1", "localhost", "192.168.0.4", "10.100.0.1", "kubernetes.default.svc.cluster.local"} {
		if _, err := server.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKubeconfigsNameTheirServer(t *testing.T) {
	options := options(t)
	ensure(t, options)
	for name, server := range map[string]string{"agent": "https://127.0.0.1:6443", "kube-proxy": "https://192.168.0.4:6443"} {
		config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(options.DataDir, "kubeconfig", name+".kubeconfig"))
		if err != nil {
			t.Fatal(err)
		}
		if config.Host != server {
			t.Errorf("%s: server %s, want %s", name, config.Host, server)
		}
	}
}
