package backup

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"

	"dev.monopod/control-plane/internal/encryption"
)

// dialTimeout is how long etcd may need to answer at all.
const dialTimeout = 10 * time.Second

// Options say of what the backup is.
type Options struct {
	DataDir string
	File    string
	// Etcd is where it answers.
	Etcd string
	// Monopod and Kubernetes are versions, for the manifest.
	Monopod    string
	Kubernetes string
	Host       string
	Settings   map[string]string
	Now        time.Time
}

func (options Options) pki(file string) string { return filepath.Join(options.DataDir, "pki", file) }

// Make writes the file, which must not exist; nobody but its owner may read it. Either it is whole and its snapshot was
// compared with etcd's own hash, or there is no file; what a crash leaves of one is no backup to Restore.
//
// No key of Secrets is replaced or dropped meanwhile, so those of the archive read all that its snapshot has.
func Make(ctx context.Context, options Options) (Manifest, error) {
	var manifest Manifest
	if _, err := os.Lstat(options.File); err == nil {
		return manifest, fmt.Errorf("%s exists already", options.File)
	}
	folder, err := os.MkdirTemp(filepath.Dir(options.File), ".monopod-backup-*") // mode 0700
	if err != nil {
		return manifest, err
	}
	defer os.RemoveAll(folder)
	err = encryption.Unchanged(options.pki(encryption.FileName), func() error {
		manifest, err = options.collect(ctx, folder)
		return err
	})
	if err != nil {
		return manifest, err
	}
	// Not a rename, which would replace what another has put there meanwhile; nor a link, which not every medium has.
	file, err := os.OpenFile(options.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return manifest, err
	}
	if err := errors.Join(writeArchive(file, manifest, folder), file.Sync(), file.Close()); err != nil {
		return manifest, errors.Join(err, os.Remove(options.File))
	}
	return manifest, syncFolder(filepath.Dir(options.File))
}

// collect puts the parts into the folder.
func (options Options) collect(ctx context.Context, folder string) (Manifest, error) {
	manifest := Manifest{Format: format, Time: options.Now.UTC().Truncate(time.Second), Monopod: options.Monopod,
		Kubernetes: options.Kubernetes, Host: options.Host, Settings: options.Settings}
	for _, file := range keyFiles() {
		if err := copyFile(options.pki(file), filepath.Join(folder, keyPart(file))); err != nil {
			return manifest, err
		}
	}
	path := filepath.Join(folder, snapshotName)
	version, err := options.save(ctx, path)
	if err != nil {
		return manifest, fmt.Errorf("etcd's snapshot: %w", err)
	}
	manifest.Etcd = version
	status, err := statusOf(path)
	manifest.Revision, manifest.Keys = status.Revision, status.TotalKey
	return manifest, err
}

// save asks etcd for its snapshot, as the API server's user, and compares it with the hash at its end.
func (options Options) save(ctx context.Context, path string) (string, error) {
	authority, err := os.ReadFile(options.pki("etcd-ca.crt"))
	if err != nil {
		return "", err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	pair, err := tls.LoadX509KeyPair(options.pki("apiserver-etcd-client.crt"), options.pki("apiserver-etcd-client.key"))
	if err != nil {
		return "", err
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{options.Etcd}, Context: ctx, DialTimeout: dialTimeout,
		Logger: zap.NewNop(), TLS: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}})
	if err != nil {
		return "", err
	}
	defer client.Close()
	first, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	status, err := client.Status(first, options.Etcd)
	if err != nil {
		return "", fmt.Errorf("%s does not answer: %w", options.Etcd, err)
	}
	pages, err := client.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	defer pages.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(file, pages)
	if err := errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	return status.Version, checkOwnHash(path)
}

// checkOwnHash compares a snapshot with the SHA-256 that etcd puts behind it.
func checkOwnHash(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	// What comes before the hash consists of whole pages.
	if info.Size()%512 != sha256.Size {
		return fmt.Errorf("it has %d bytes, and no hash at its end: it is not whole", info.Size())
	}
	hash := sha256.New()
	if _, err := io.CopyN(hash, file, info.Size()-sha256.Size); err != nil {
		return err
	}
	wanted, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	if found := hash.Sum(nil); string(found) != string(wanted) {
		return fmt.Errorf("its pages have SHA-256 %s, and the hash at its end is %s", hex.EncodeToString(found), hex.EncodeToString(wanted))
	}
	return nil
}

// statusOf also reads every page of it.
func statusOf(path string) (snapshot.Status, error) {
	status, err := snapshot.NewV3(zap.NewNop()).Status(path)
	if err != nil {
		return status, fmt.Errorf("etcd's snapshot: %w", err)
	}
	return status, nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return writeNew(to, content)
}

func writeNew(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncFolder makes what was named in it last.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
