package joining

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	v1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/clientcmd"
)

const year = 365 * 24 * time.Hour

// issued is a certificate of its own making.
func issued(t *testing.T, name string, from time.Time) Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(from.UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: from.Add(year)}
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return Pair{Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: encoded}),
		Key: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})}
}

// member has joined as `second` at the time.
func member(t *testing.T, user string, joined time.Time, asked *[]string) Member {
	t.Helper()
	folder := t.TempDir()
	m := Member{DataDir: folder, Kubeconfig: filepath.Join(folder, "joined.kubeconfig")}
	m.Certify = func(_ context.Context, signer string, subject pkix.Name, _ ...v1.KeyUsage) (Pair, error) {
		*asked = append(*asked, signer+" "+subject.CommonName)
		return issued(t, subject.CommonName, joined.Add(year)), nil
	}
	if err := os.MkdirAll(filepath.Join(folder, "pki"), 0o700); err != nil {
		t.Fatal(err)
	}
	kubelet := issued(t, "monopod-kubelet-ca:second", joined)
	for name, content := range map[string][]byte{"kubelet-ca.crt": kubelet.Certificate, "kubelet-ca.key": kubelet.Key} {
		if err := os.WriteFile(filepath.Join(folder, "pki", name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeKubeconfig(Options{Server: "192.0.2.1:6443", Kubeconfig: m.Kubeconfig}, nil, issued(t, user, joined)); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAMemberRenewsBothAtTwoThirdsOfTheirLife(t *testing.T) {
	joined := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var asked []string
	m := member(t, "monopod:agent:second", joined, &asked)
	if renewed, err := m.Renew(context.Background(), joined.Add(year*2/3-time.Hour)); err != nil || renewed || len(asked) > 0 {
		t.Fatalf("too early: %v, %v, %v", renewed, err, asked)
	}

	renewed, err := m.Renew(context.Background(), joined.Add(year*2/3+time.Hour))

	if err != nil || !renewed {
		t.Fatalf("%v, %v", renewed, err)
	}
	if want := []string{"kubernetes.io/kube-apiserver-client monopod:agent:second", "monopod.dev/kubelet-authority monopod-kubelet-ca:second"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %v", asked)
	}
	config, err := clientcmd.LoadFromFile(m.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if now := parse(t, config.AuthInfos["agent"].ClientCertificateData); !now.NotBefore.Equal(joined.Add(year)) {
		t.Errorf("the kubeconfig has the certificate of %s", now.NotBefore)
	}
	if m.authorityDue(joined.Add(year)) {
		t.Error("the kubelet's authority is the old one")
	}
	if again, err := m.Renew(context.Background(), joined.Add(year)); err != nil || again {
		t.Errorf("renewed again: %v, %v", again, err)
	}
}

func TestAMemberMendsAnAuthorityWhoseWritingWasCut(t *testing.T) {
	joined := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var asked []string
	m := member(t, "monopod:agent:second", joined, &asked)
	if err := os.WriteFile(filepath.Join(m.DataDir, "pki", "kubelet-ca.key"), issued(t, "x", joined).Key, 0o600); err != nil {
		t.Fatal(err)
	}

	if renewed, err := m.Renew(context.Background(), joined.Add(time.Hour)); err != nil || !renewed {
		t.Errorf("%v, %v", renewed, err)
	}
}

func TestAMemberThatIsRefusedKeepsWhatItHas(t *testing.T) {
	joined := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var asked []string
	m := member(t, "monopod:agent:second", joined, &asked)
	before, _ := os.ReadFile(m.Kubeconfig)
	m.Certify = func(context.Context, string, pkix.Name, ...v1.KeyUsage) (Pair, error) {
		return Pair{}, errors.New("refused")
	}

	if renewed, err := m.Renew(context.Background(), joined.Add(year*3/4)); err == nil || renewed {
		t.Errorf("%v, %v", renewed, err)
	}

	if after, _ := os.ReadFile(m.Kubeconfig); !slices.Equal(before, after) || m.authorityDue(joined) {
		t.Error("something was written")
	}
}

func TestLeavesAnAdministratorsKubeconfigAlone(t *testing.T) {
	joined := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	var asked []string
	m := member(t, "kubernetes-admin", joined, &asked)
	if renewed, err := m.Renew(context.Background(), time.Now()); err != nil || renewed || len(asked) > 0 {
		t.Errorf("%v, %v, %v", renewed, err, asked)
	}
}

func TestAHostThatWasRevokedRenewsNothing(t *testing.T) {
	ctx, client := context.Background(), fake.NewClientset()
	asked := request(t, func(o *v1.CertificateSigningRequest, _ *x509.CertificateRequest) { renewing(o, "second") })
	if err := bind(ctx, client, "second"); err != nil {
		t.Fatal(err)
	}
	if err := bind(ctx, client, "second"); err != nil {
		t.Errorf("bound twice: %v", err)
	}
	if reason, err := mayHave(ctx, client, asked, "second"); err != nil || reason != "" {
		t.Errorf("bound: %q, %v", reason, err)
	}
	if err := client.RbacV1().ClusterRoleBindings().Delete(ctx, "monopod:agent:second", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if reason, err := mayHave(ctx, client, asked, "second"); err != nil || reason == "" {
		t.Errorf("not bound: %q, %v", reason, err)
	}
}
