// Package certificates makes the PKI and the kubeconfigs of one machine's control plane, and renews them.
package certificates

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 365 * 24 * time.Hour
)

// Options say for which machine the certificates are.
type Options struct {
	DataDir       string
	HostName      string
	HostAddress   string
	ExtraNames    []string
	ServiceCIDR   string
	ClusterDomain string
	APIServerPort int
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// leaf is one certificate that an authority of ours signs. Without names it is a client certificate only.
type leaf struct {
	file          string
	authority     string
	user          string
	groups        []string
	names         []string
	client        bool
	kubeconfig    string
	viaHost       bool
	selfContained bool
	// chain adds the authority to the file, for clients that know it by the hash of its key only.
	chain bool
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Authorities are the names of the certificate authorities; each signs for one purpose only.
var Authorities = []string{"ca", "etcd-ca", "front-proxy-ca", "kubelet-ca", "webhook-ca"}

// Ensure makes what is missing and renews each leaf that has less than a third of its life left, or whose names
// changed. It returns the names of the leaves it issued. Safe to repeat; a call that has nothing to do writes nothing.
func Ensure(options Options) ([]string, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.HostName == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, err
		}
		options.HostName = name
	}
	if options.ClusterDomain == "" {
		options.ClusterDomain = "cluster.local"
	}
	if options.APIServerPort == 0 {
		options.APIServerPort = 6443
	}
	leaves, err := wanted(options)
	if err != nil {
		return nil, err
	}
	for _, folder := range []string{"pki", "kubeconfig"} {
		if err := os.MkdirAll(filepath.Join(options.DataDir, folder), 0o700); err != nil {
			return nil, err
		}
	}
	authorities := map[string]authority{}
	for _, name := range Authorities {
		if authorities[name], err = ensureAuthority(options, name); err != nil {
			return nil, fmt.Errorf("authority %s: %w", name, err)
		}
	}
	if err := ensureServiceAccountKey(options); err != nil {
		return nil, err
	}
	var issued []string
	for _, leaf := range leaves {
		fresh, err := ensureLeaf(options, leaf, authorities[leaf.authority])
		if err != nil {
			return issued, fmt.Errorf("certificate %s: %w", leaf.file, err)
		}
		if fresh {
			issued = append(issued, leaf.file)
		}
		if leaf.chain {
			if err := writeChain(options, leaf, authorities[leaf.authority]); err != nil {
				return issued, fmt.Errorf("certificate %s: %w", leaf.file, err)
			}
		}
		if leaf.kubeconfig != "" {
			if err := writeKubeconfig(options, leaf); err != nil {
				return issued, err
			}
		}
	}
	return issued, nil
}

func wanted(options Options) ([]leaf, error) {
	services, err := netip.ParsePrefix(options.ServiceCIDR)
	if err != nil {
		return nil, fmt.Errorf("service CIDR: %w", err)
	}
	if _, err := netip.ParseAddr(options.HostAddress); err != nil {
		return nil, fmt.Errorf("host address: %w", err)
	}
	local := []string{"localhost", "127.0.0.1"}
	domain := options.ClusterDomain
	apiServer := append(slices.Clone(local), options.HostAddress, services.Masked().Addr().Next().String(),
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc."+domain)
	apiServer = append(apiServer, options.ExtraNames...)
	serviceNames := func(service, namespace string) []string {
		name := service + "." + namespace
		return append(slices.Clone(local), options.HostAddress, service, name, name+".svc", name+".svc."+domain)
	}
	return []leaf{
		{file: "apiserver", authority: "ca", user: "kube-apiserver", names: apiServer, chain: true},
		{file: "apiserver-kubelet-client", authority: "ca", user: "monopod:kube-apiserver-kubelet-client", client: true},
		{file: "apiserver-etcd-client", authority: "etcd-ca", user: "kube-apiserver", client: true},
		{file: "etcd-server", authority: "etcd-ca", user: "etcd", names: local, client: true},
		{file: "front-proxy-client", authority: "front-proxy-ca", user: "front-proxy-client", client: true},
		{file: "webhook", authority: "webhook-ca", user: "monopod-controller", names: serviceNames("monopod-controller", "monopod-system")},
		{file: "eks", authority: "ca", user: "monopod-eks", names: append(slices.Clone(apiServer), "monopod-eks.monopod-system.svc")},
		{file: "metrics-server-serving", authority: "ca", user: "metrics-server", names: serviceNames("metrics-server", "kube-system")},
		{file: "controller-manager-serving", authority: "ca", user: "kube-controller-manager", names: local},
		{file: "scheduler-serving", authority: "ca", user: "kube-scheduler", names: local},
		{file: "admin", authority: "ca", user: "monopod:admin", groups: []string{"system:masters"}, client: true, kubeconfig: "admin", selfContained: true},
		{file: "controller-manager", authority: "ca", user: "system:kube-controller-manager", client: true, kubeconfig: "controller-manager"},
		{file: "scheduler", authority: "ca", user: "system:kube-scheduler", client: true, kubeconfig: "scheduler"},
		{file: "kube-proxy", authority: "ca", user: "system:kube-proxy", client: true, kubeconfig: "kube-proxy", viaHost: true},
		{file: "coredns", authority: "ca", user: "monopod:coredns", client: true, kubeconfig: "coredns"},
		{file: "metrics-server", authority: "ca", user: "monopod:metrics-server", client: true, kubeconfig: "metrics-server"},
		{file: "controller", authority: "ca", user: "monopod:controller", client: true, kubeconfig: "controller"},
		{file: "agent", authority: "ca", user: "monopod:agent:" + options.HostName, groups: []string{"monopod:agents"}, client: true, kubeconfig: "agent"},
	}, nil
}

func (options Options) path(file string) string { return filepath.Join(options.DataDir, "pki", file) }

func ensureAuthority(options Options, name string) (authority, error) {
	certificate, key, err := read(options.path(name))
	if err == nil {
		return authority{certificate, key}, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		// A broken authority is never replaced silently: every certificate below it would become worthless.
		return authority{}, err
	}
	now := options.Now()
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "monopod-" + name},
		NotBefore:             now.Add(-5 * time.Minute),
		NotAfter:              now.Add(authorityLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	certificate, key, err = issue(options.path(name), template, nil)
	return authority{certificate, key}, err
}

func ensureServiceAccountKey(options Options) error {
	if _, err := os.Stat(options.path("sa.key")); err == nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	if err := writeAtomically(options.path("sa.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o644); err != nil {
		return err
	}
	return writeKey(options.path("sa.key"), key)
}

func ensureLeaf(options Options, leaf leaf, signer authority) (bool, error) {
	now := options.Now()
	if present, _, err := read(options.path(leaf.file)); err == nil && isGood(present, leaf, signer, now) {
		return false, nil
	}
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: leaf.user, Organization: leaf.groups},
		NotBefore: now.Add(-5 * time.Minute),
		NotAfter:  now.Add(leafLife),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
	if len(leaf.names) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if leaf.client {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	for _, name := range leaf.names {
		if address := net.ParseIP(name); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	_, _, err := issue(options.path(leaf.file), template, &signer)
	return true, err
}

func isGood(present *x509.Certificate, leaf leaf, signer authority, now time.Time) bool {
	if present.CheckSignatureFrom(signer.certificate) != nil || now.Before(present.NotBefore) {
		return false
	}
	life := present.NotAfter.Sub(present.NotBefore)
	if present.NotAfter.Sub(now) < life/3 || present.Subject.CommonName != leaf.user {
		return false
	}
	names := slices.Clone(present.DNSNames)
	for _, address := range present.IPAddresses {
		names = append(names, address.String())
	}
	expected := slices.Clone(leaf.names)
	slices.Sort(names)
	slices.Sort(expected)
	return slices.Equal(slices.Compact(names), slices.Compact(expected))
}

// issue makes a new key and a certificate for it. The key is written first: a crash in between leaves a pair that
// does not match, which read refuses, so the next call issues anew.
func issue(path string, template *x509.Certificate, signer *authority) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)); err != nil {
		return nil, nil, err
	}
	if signer == nil {
		signer = &authority{template, key}
	}
	encoded, err := x509.CreateCertificate(rand.Reader, template, signer.certificate, &key.PublicKey, signer.key)
	if err != nil {
		return nil, nil, err
	}
	if err := writeKey(path+".key", key); err != nil {
		return nil, nil, err
	}
	if err := writeAtomically(path+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: encoded}), 0o644); err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(encoded)
	return certificate, key, err
}
