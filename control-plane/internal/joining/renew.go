package joining

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	certificates "k8s.io/api/certificates/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Member is a host that has joined, with the credentials that it has.
type Member struct {
	DataDir    string
	Kubeconfig string
	// Certify asks the cluster for a certificate; that of the kubeconfig if nil.
	Certify func(ctx context.Context, signer string, subject pkix.Name, usages ...certificates.KeyUsage) (Pair, error)
}

// Renew replaces the agent's certificate and the kubelet's authority by the one that the host still has, when either
// has less than a third of its life left. It says whether it did. Keys are new, too. A kubeconfig of another user is left
// alone: in a cluster that was there before Monopod it is its administrator's.
func (m Member) Renew(ctx context.Context, now time.Time) (bool, error) {
	config, err := clientcmd.LoadFromFile(m.Kubeconfig)
	if err != nil {
		return false, err
	}
	user := config.AuthInfos["agent"]
	if user == nil || len(user.ClientCertificateData) == 0 {
		return false, nil
	}
	client, err := first(user.ClientCertificateData)
	if err != nil {
		return false, fmt.Errorf("kubeconfig %s: %w", m.Kubeconfig, err)
	}
	host, ours := strings.CutPrefix(client.Subject.CommonName, agentPrefix)
	if !ours {
		return false, nil
	}
	if !due(client, now) && !m.authorityDue(now) {
		return false, nil
	}
	certify := m.Certify
	if certify == nil {
		if certify, err = m.byCertificate(); err != nil {
			return false, err
		}
	}
	agent, err := certify(ctx, certificates.KubeAPIServerClientSignerName,
		pkix.Name{CommonName: agentPrefix + host, Organization: []string{agents}},
		certificates.UsageDigitalSignature, certificates.UsageClientAuth)
	if err != nil {
		return false, err
	}
	kubelet, err := certify(ctx, KubeletAuthority, pkix.Name{CommonName: kubeletNames + host},
		certificates.UsageDigitalSignature, certificates.UsageCertSign)
	if err != nil {
		return false, err
	}
	// A crash between the two leaves a pair that does not match, which is due.
	if err := replace(m.authority()+".key", kubelet.Key); err != nil {
		return false, err
	}
	if err := replace(m.authority()+".crt", kubelet.Certificate); err != nil {
		return false, err
	}
	user.ClientCertificateData, user.ClientKeyData = agent.Certificate, agent.Key
	content, err := clientcmd.Write(*config)
	if err != nil {
		return false, err
	}
	return true, replace(m.Kubeconfig, content)
}

func (m Member) authority() string { return filepath.Join(m.DataDir, "pki", "kubelet-ca") }

func (m Member) authorityDue(now time.Time) bool {
	pair, err := tls.LoadX509KeyPair(m.authority()+".crt", m.authority()+".key")
	return err != nil || due(pair.Leaf, now)
}

func (m Member) byCertificate() (func(context.Context, string, pkix.Name, ...certificates.KeyUsage) (Pair, error), error) {
	config, err := clientcmd.BuildConfigFromFlags("", m.Kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, signer string, subject pkix.Name, usages ...certificates.KeyUsage) (Pair, error) {
		return certify(ctx, client, signer, subject, usages...)
	}, nil
}

func due(certificate *x509.Certificate, now time.Time) bool {
	return certificate.NotAfter.Sub(now) < certificate.NotAfter.Sub(certificate.NotBefore)/3
}

func first(content []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("the client certificate is not PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// replace leaves the old content or the new, never a part.
func replace(path string, content []byte) error {
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
