package joining

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/certificates/v1"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"dev.monopod/control-plane/internal/certificates"
)

func pki(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if _, err := certificates.Ensure(certificates.Options{DataDir: folder, HostAddress: "192.168.0.4",
		ServiceCIDR: "10.100.0.0/16"}); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "pki")
}

func certificate(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, content)
}

func parse(t *testing.T, content []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(content)
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func request(t *testing.T, change func(*v1.CertificateSigningRequest, *x509.CertificateRequest)) *v1.CertificateSigningRequest {
	t.Helper()
	object := &v1.CertificateSigningRequest{Spec: v1.CertificateSigningRequestSpec{
		SignerName: v1.KubeAPIServerClientSignerName, Username: "system:bootstrap:abcdef",
		Groups: []string{"system:authenticated", Group}, Usages: []v1.KeyUsage{v1.UsageDigitalSignature, v1.UsageClientAuth},
	}}
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: "monopod:agent:second", Organization: []string{"monopod:agents"}}}
	change(object, template)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		t.Fatal(err)
	}
	object.Spec.Request = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: encoded})
	return object
}

func kubelet(object *v1.CertificateSigningRequest, template *x509.CertificateRequest) {
	object.Spec.SignerName = KubeletAuthority
	object.Spec.Usages = []v1.KeyUsage{v1.UsageDigitalSignature, v1.UsageCertSign}
	template.Subject = pkix.Name{CommonName: "monopod-kubelet-ca:second"}
}

func renewing(object *v1.CertificateSigningRequest, host string) {
	object.Spec.Username, object.Spec.Groups = "monopod:agent:"+host, []string{"system:authenticated", "monopod:agents"}
}

func TestApprovesWhatAHostNeeds(t *testing.T) {
	for name, change := range map[string]func(*v1.CertificateSigningRequest, *x509.CertificateRequest){
		"agent":             func(*v1.CertificateSigningRequest, *x509.CertificateRequest) {},
		"kubelet":           kubelet,
		"agent that renews": func(o *v1.CertificateSigningRequest, _ *x509.CertificateRequest) { renewing(o, "second") },
		"kubelet that renews": func(o *v1.CertificateSigningRequest, r *x509.CertificateRequest) {
			kubelet(o, r)
			renewing(o, "second")
		},
	} {
		if host, reason := judge(request(t, change)); host != "second" || reason != "" {
			t.Errorf("%s: host %q, refused %q", name, host, reason)
		}
	}
}

func TestRefusesAllElseThatATokenAsksFor(t *testing.T) {
	for name, change := range map[string]func(*v1.CertificateSigningRequest, *x509.CertificateRequest){
		"another user": func(_ *v1.CertificateSigningRequest, r *x509.CertificateRequest) {
			r.Subject.CommonName = "monopod:admin"
		},
		"no name": func(_ *v1.CertificateSigningRequest, r *x509.CertificateRequest) {
			r.Subject.CommonName = "monopod:agent:"
		},
		"another group": func(_ *v1.CertificateSigningRequest, r *x509.CertificateRequest) {
			r.Subject.Organization = []string{"system:masters"}
		},
		"a further group": func(_ *v1.CertificateSigningRequest, r *x509.CertificateRequest) {
			r.Subject.Organization = []string{"monopod:agents", "x"}
		},
		"a server's name": func(_ *v1.CertificateSigningRequest, r *x509.CertificateRequest) { r.DNSNames = []string{"kubernetes"} },
		"a server's usage": func(o *v1.CertificateSigningRequest, _ *x509.CertificateRequest) {
			o.Spec.Usages = append(o.Spec.Usages, v1.UsageServerAuth)
		},
		"an authority's usage": func(o *v1.CertificateSigningRequest, _ *x509.CertificateRequest) {
			o.Spec.Usages = []v1.KeyUsage{v1.UsageCertSign}
		},
		"another host": func(o *v1.CertificateSigningRequest, _ *x509.CertificateRequest) { renewing(o, "third") },
		"another host's kubelet": func(o *v1.CertificateSigningRequest, r *x509.CertificateRequest) {
			kubelet(o, r)
			renewing(o, "third")
		},
		"an agent of no group": func(o *v1.CertificateSigningRequest, r *x509.CertificateRequest) {
			kubelet(o, r)
			o.Spec.Username, o.Spec.Groups = "monopod:agent:second", nil
		},
		"a user who says the group": func(o *v1.CertificateSigningRequest, _ *x509.CertificateRequest) { o.Spec.Username = "somebody" },
	} {
		if host, reason := judge(request(t, change)); host != "" || reason == "" {
			t.Errorf("%s: host %q is approved", name, host)
		}
	}
}

func TestLeavesRequestsOfOthersAlone(t *testing.T) {
	host, reason := judge(request(t, func(o *v1.CertificateSigningRequest, _ *x509.CertificateRequest) {
		o.Spec.Username, o.Spec.Groups = "somebody", []string{"system:authenticated"}
	}))
	if host != "" || reason != "" {
		t.Errorf("host %q, refused %q", host, reason)
	}
}

func TestAHostsAuthoritySignsServersOnly(t *testing.T) {
	folder := pki(t)
	object := request(t, kubelet)
	signed, err := sign(object.Spec.Request, "second", Authority{Path: filepath.Join(folder, "kubelet-ca")}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	authority := parse(t, signed)
	if !authority.IsCA || !authority.MaxPathLenZero {
		t.Errorf("IsCA %v, MaxPathLenZero %v", authority.IsCA, authority.MaxPathLenZero)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate(t, filepath.Join(folder, "kubelet-ca.crt")))
	if _, err := authority.Verify(x509.VerifyOptions{Roots: roots}); err != nil {
		t.Error(err)
	}
	if _, err := authority.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err == nil {
		t.Error("it may stand for clients")
	}
}

func TestAHostsAuthoritySpeaksForItsOwnNameAndForAddressesOfPodsOnly(t *testing.T) {
	folder := pki(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "monopod-kubelet-ca:second"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := sign(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: asked}), "second", Authority{
		Path:   filepath.Join(folder, "kubelet-ca"),
		NoPods: []netip.Prefix{netip.MustParsePrefix("10.100.0.0/16"), netip.MustParsePrefix("192.168.0.4/32")},
	}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	authority := parse(t, signed)
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(certificate(t, filepath.Join(folder, "kubelet-ca.crt")))
	between.AddCert(authority)
	for name, fine := range map[string]bool{
		"second": true, "192.168.96.10": true, "127.0.0.1": true, "10.1.2.3": true,
		"first": false, "kubernetes.default.svc": false, "192.168.0.4": false, "10.100.0.1": false,
	} {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
		if address := net.ParseIP(name); address != nil {
			template.IPAddresses = []net.IP{address}
		} else {
			template.DNSNames = []string{name}
		}
		encoded, err := x509.CreateCertificate(rand.Reader, template, authority, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: name}); (err == nil) != fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATokenMakesOneHost(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	client := fake.NewClientset(&core.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "bootstrap-token-abcdef"},
		Data: map[string][]byte{"expiration": []byte("2026-01-03T03:04:05Z")}})
	hosts := map[string]bool{"first": true}
	there := func(_ context.Context, host string) (bool, error) { return hosts[host], nil }
	for _, step := range []struct {
		host, refused string
		joins         bool
	}{
		{"first", "host name first: a host of the cluster has it", false},
		{"misspelt", "", false}, {"second", "", false}, {"second", "", true}, {"second", "", false},
		{"third", "it has made the host second", false}, {"second", "", false},
	} {
		reason, err := useUp(context.Background(), client, there, "abcdef", step.host, now)
		if err != nil || (reason == "") != (step.refused == "") || !strings.Contains(reason, step.refused) {
			t.Errorf("%s: %q, %v", step.host, reason, err)
		}
		hosts[step.host] = hosts[step.host] || step.joins
	}
	token, err := client.CoreV1().Secrets("kube-system").Get(context.Background(), "bootstrap-token-abcdef", metav1.GetOptions{})
	if err != nil || string(token.Data["expiration"]) != "2026-01-02T03:14:05Z" {
		t.Errorf("%v, %s", err, token.Data["expiration"])
	}
	if _, err := useUp(context.Background(), client, there, "gone00", "second", now); err == nil {
		t.Error("a token that is gone makes a host")
	}
}

// serve is an API server as far as joining sees it before it asks for certificates.
func serve(t *testing.T, folder string, date time.Time, status int) string {
	return serveAt(t, "127.0.0.1", folder, date, status)
}

func serveAt(t *testing.T, address, folder string, date time.Time, status int) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "apiserver.crt"), filepath.Join(folder, "apiserver.key"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Date", date.UTC().Format(http.TimeFormat))
		response.WriteHeader(status)
	}))
	_ = server.Listener.Close()
	if server.Listener, err = net.Listen("tcp", address+":0"); err != nil {
		t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "https://")
}

func TestTakesTheAuthorityWithTheHash(t *testing.T) {
	folder := pki(t)
	server := serve(t, folder, time.Now(), http.StatusOK)
	authority := certificate(t, filepath.Join(folder, "ca.crt"))
	found, err := pinned(context.Background(), server, PublicKeyHash(authority))
	if err != nil {
		t.Fatal(err)
	}
	if !parse(t, found).Equal(authority) {
		t.Error("another authority")
	}
	if err := checkToken(context.Background(), Options{Server: server, Token: "t"}, found); err != nil {
		t.Error(err)
	}
}

func TestRefusalsNameTheArgument(t *testing.T) {
	folder := pki(t)
	authority := certificate(t, filepath.Join(folder, "ca.crt"))
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw})
	fine := serve(t, folder, time.Now(), http.StatusOK)
	_, other := pinned(context.Background(), fine, "sha256:00")
	_, silent := pinned(context.Background(), "127.0.0.1:1", PublicKeyHash(authority))
	_, unnamed := pinned(context.Background(), serveAt(t, "127.0.0.2", folder, time.Now(), http.StatusOK), PublicKeyHash(authority))
	for want, err := range map[string]error{
		"ca-hash sha256:00":             other,
		"address 127.0.0.1:1: no API":   silent,
		"does not name it":              unnamed,
		"clock: that of this machine":   checkToken(context.Background(), Options{Server: serve(t, folder, time.Now().Add(time.Minute), 200)}, encoded),
		"token: the cluster does not":   checkToken(context.Background(), Options{Server: serve(t, folder, time.Now(), 401)}, encoded),
		"token: the API server answers": checkToken(context.Background(), Options{Server: serve(t, folder, time.Now(), 500)}, encoded),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want «%s», got %v", want, err)
		}
	}
}
