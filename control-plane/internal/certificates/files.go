package certificates

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"dev.monopod/control-plane/internal/proxynode"
)

// read returns a certificate and its key. It fails with os.ErrNotExist if the certificate was never written.
func read(path string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	encoded, err := os.ReadFile(path + ".crt")
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(encoded)
	if block == nil {
		return nil, nil, fmt.Errorf("%s.crt is not PEM", path)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, nil, err
	}
	encoded, err = os.ReadFile(path + ".key")
	if err != nil {
		return nil, nil, fmt.Errorf("%s.crt has no key: %s", path, err)
	}
	if block, _ = pem.Decode(encoded); block == nil {
		return nil, nil, fmt.Errorf("%s.key is not PEM", path)
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, err
	}
	if !key.PublicKey.Equal(certificate.PublicKey) {
		return nil, nil, fmt.Errorf("%s.key does not belong to %s.crt", path, path)
	}
	return certificate, key, nil
}

// writeChain puts the authority behind the certificate.
func writeChain(options Options, leaf leaf, signer authority) error {
	certificate, _, err := read(options.path(leaf.file))
	if err != nil {
		return err
	}
	var chain []byte
	for _, one := range []*x509.Certificate{certificate, signer.certificate} {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw})...)
	}
	return writeAtomically(options.path(leaf.file)+".crt", chain, 0o644)
}

// writeKey writes SEC 1 ("EC PRIVATE KEY"): the Java client tells the key's algorithm from that header.
func writeKey(path string, key *ecdsa.PrivateKey) error {
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writeAtomically(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}), 0o600)
}

// writeAtomically leaves either the old or the new content, never a part; equal content is not touched.
func writeAtomically(path string, content []byte, mode os.FileMode) error {
	if present, err := os.ReadFile(path); err == nil && bytes.Equal(present, content) {
		return nil
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if _, err = file.Write(content); err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Chmod(file.Name(), mode); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// writeKubeconfig names certificates by path, since Go's client re-reads files, so a renewal needs no restart.
// The administrator's holds them inside, so that it can be copied to another place.
func writeKubeconfig(options Options, leaf leaf) error {
	host := "127.0.0.1"
	if leaf.viaHost {
		host = options.HostAddress
	}
	cluster := &api.Cluster{Server: fmt.Sprintf("https://%s:%d", host, options.APIServerPort), CertificateAuthority: options.path("ca.crt")}
	user := &api.AuthInfo{ClientCertificate: options.path(leaf.file + ".crt"), ClientKey: options.path(leaf.file + ".key")}
	if leaf.viaHost {
		// Only kube-proxy speaks to the API server from inside a VPC, and only it needs a Node to be.
		user.AuthProvider = proxynode.AuthProvider(options.HostAddress)
	}
	config := api.NewConfig()
	config.Clusters["monopod"] = cluster
	config.AuthInfos[leaf.kubeconfig] = user
	config.Contexts["monopod"] = &api.Context{Cluster: "monopod", AuthInfo: leaf.kubeconfig}
	config.CurrentContext = "monopod"
	if leaf.selfContained {
		if err := api.FlattenConfig(config); err != nil {
			return err
		}
	}
	encoded, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	return writeAtomically(filepath.Join(options.DataDir, "kubeconfig", leaf.kubeconfig+".kubeconfig"), encoded, 0o600)
}
