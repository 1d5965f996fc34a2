// Package joining makes a machine a host of a cluster whose control plane is Monopod's: the new host asks with a
// bootstrap token, the control plane's machine answers. Keys are made on the host that uses them, and stay there.
package joining

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	certificates "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

const (
	// KubeletAuthority is the signer of a host's own authority for its kubelet's serving certificates.
	KubeletAuthority = "monopod.dev/kubelet-authority"
	// Group is that of the bootstrap tokens.
	Group = "system:bootstrappers:monopod"

	agents       = "monopod:agents"
	agentPrefix  = "monopod:agent:"
	kubeletNames = "monopod-kubelet-ca:"

	clockLimit = 10 * time.Second
	patience   = 60 * time.Second
)

// Options are what a new host is told.
type Options struct {
	Server     string // ADDRESS:PORT
	Token      string
	CAHash     string // sha256:HEX of the authority's public key
	DataDir    string
	HostName   string
	Kubeconfig string // where it is written
}

// Join returns when the host has its credentials: the agent's kubeconfig, and an authority for the kubelet.
func Join(ctx context.Context, options Options) error {
	authority, err := pinned(ctx, options.Server, options.CAHash)
	if err != nil {
		return err
	}
	if err := checkToken(ctx, options, authority); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(&rest.Config{
		Host: "https://" + options.Server, BearerToken: options.Token, TLSClientConfig: rest.TLSClientConfig{CAData: authority},
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(options.DataDir, "pki"), 0o700); err != nil {
		return err
	}
	agent, err := certify(ctx, client, certificates.KubeAPIServerClientSignerName,
		pkix.Name{CommonName: agentPrefix + options.HostName, Organization: []string{agents}},
		certificates.UsageDigitalSignature, certificates.UsageClientAuth)
	if err != nil {
		return err
	}
	kubelet, err := certify(ctx, client, KubeletAuthority, pkix.Name{CommonName: kubeletNames + options.HostName},
		certificates.UsageDigitalSignature, certificates.UsageCertSign)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"kubelet-ca.crt": kubelet.Certificate, "kubelet-ca.key": kubelet.Key,
	} {
		if err := os.WriteFile(filepath.Join(options.DataDir, "pki", name), content, 0o600); err != nil {
			return err
		}
	}
	return writeKubeconfig(options, authority, agent)
}

func writeKubeconfig(options Options, authority []byte, agent Pair) error {
	config := api.NewConfig()
	config.Clusters["monopod"] = &api.Cluster{Server: "https://" + options.Server, CertificateAuthorityData: authority}
	config.AuthInfos["agent"] = &api.AuthInfo{ClientCertificateData: agent.Certificate, ClientKeyData: agent.Key}
	config.Contexts["monopod"] = &api.Context{Cluster: "monopod", AuthInfo: "agent"}
	config.CurrentContext = "monopod"
	content, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(options.Kubeconfig), 0o700); err != nil {
		return err
	}
	return os.WriteFile(options.Kubeconfig, content, 0o600)
}

// pinned returns the authority of the API server (PEM), which the server itself sends: its public key has the hash, and
// it has signed the server's certificate. Nothing secret has been said until then.
func pinned(ctx context.Context, server, hash string) ([]byte, error) {
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		return nil, fmt.Errorf("address %s: %w", server, err)
	}
	attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	connection, err := dialer.DialContext(attempt, "tcp", server)
	if err != nil {
		return nil, fmt.Errorf("address %s: no API server answers: %w", server, err)
	}
	defer connection.Close()
	chain := connection.(*tls.Conn).ConnectionState().PeerCertificates
	for _, certificate := range chain {
		if PublicKeyHash(certificate) != strings.ToLower(hash) {
			continue
		}
		roots := x509.NewCertPool()
		roots.AddCert(certificate)
		if _, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			return nil, explain(host, err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}), nil
	}
	return nil, fmt.Errorf("ca-hash %s: the API server at %s has another authority; it is not the cluster that the token is of", hash, server)
}

func explain(host string, err error) error {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return fmt.Errorf("clock: by the clock of this machine (%s) the API server's certificate is not valid: %w",
			time.Now().UTC().Format(time.RFC3339), err)
	}
	var names x509.HostnameError
	if errors.As(err, &names) {
		return fmt.Errorf("address %s: the API server's certificate does not name it; on its machine: monopod up --underlay-address %s", host, host)
	}
	return fmt.Errorf("address %s: %w", host, err)
}

// checkToken asks for something that everybody with a valid token may see, and compares the clocks: the cluster would
// take a host whose clock is behind for silent.
func checkToken(ctx context.Context, options Options, authority []byte) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+options.Server+"/version", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+options.Token)
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("address %s: %w", options.Server, err)
	}
	defer response.Body.Close()
	now := time.Now()
	if response.StatusCode == http.StatusUnauthorized {
		return errors.New("token: the cluster does not know it, or it has expired; on the first host: monopod token create")
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("token: the API server answers %s", response.Status)
	}
	if told, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		if off := now.Sub(told); off.Abs() > clockLimit {
			return fmt.Errorf("clock: that of this machine is %s off the cluster's, more than %s; set it, and keep it set (NTP)",
				off.Round(time.Second), clockLimit)
		}
	}
	return nil
}

// Pair is a certificate and its key, PEM.
type Pair struct{ Certificate, Key []byte }

// certify makes a key, and asks the cluster for a certificate.
func certify(ctx context.Context, client kubernetes.Interface, signer string, subject pkix.Name, usages ...certificates.KeyUsage) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, err
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return Pair{}, err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key)
	if err != nil {
		return Pair{}, err
	}
	object := &certificates.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "monopod-host-"},
		Spec: certificates.CertificateSigningRequestSpec{
			Request: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}), SignerName: signer, Usages: usages,
		},
	}
	requests := client.CertificatesV1().CertificateSigningRequests()
	made, err := requests.Create(ctx, object, metav1.CreateOptions{})
	if err != nil {
		return Pair{}, fmt.Errorf("a certificate for %s can't be asked for: %w", subject.CommonName, err)
	}
	limit := time.Now().Add(patience)
	for {
		found, err := requests.Get(ctx, made.Name, metav1.GetOptions{})
		if err != nil {
			return Pair{}, err
		}
		if certificate := bytes.TrimSpace(found.Status.Certificate); len(certificate) > 0 {
			return Pair{Certificate: append(certificate, '\n'), Key: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})}, nil
		}
		for _, condition := range found.Status.Conditions {
			if condition.Type != certificates.CertificateApproved {
				return Pair{}, fmt.Errorf("the cluster refuses a certificate for %s: %s", subject.CommonName, condition.Message)
			}
		}
		if time.Now().After(limit) {
			return Pair{}, fmt.Errorf("nobody has signed the request %s within %s; does Monopod's supervisor run on the first host?", made.Name, patience)
		}
		select {
		case <-ctx.Done():
			return Pair{}, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
