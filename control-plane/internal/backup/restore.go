package backup

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"dev.monopod/control-plane/internal/encryption"
)

const (
	// bump lifts the revision above every one that a client may have seen since the backup, so that no watch takes what
	// is there for what it has seen already. etcd's own advice; it allows a year of thirty writes a second.
	bump = 1_000_000_000

	// Member and peer are those of `etcd`'s flags.
	member  = "monopod"
	peerURL = "https://127.0.0.1:2380"

	asideLayout = "20060102T150405Z"
)

// Target says where a backup is put back.
type Target struct {
	DataDir string
	File    string
	// Kubernetes is the version of the API server that will read the snapshot.
	Kubernetes string
	// Settings are those of the cluster here.
	Settings map[string]string
	Now      time.Time
}

// Outcome says what was done.
type Outcome struct {
	Manifest Manifest `json:"manifest"`
	// Aside is the folder with what was there before.
	Aside string `json:"aside"`
	// Revision that etcd begins with.
	Revision int64 `json:"revision"`
}

// Restore checks everything first: until it has, nothing in the data folder is changed. Then the keys are put back, and
// etcd's folder is exchanged in one step, so there is one at each moment. The keys of Secrets that are here stay beside
// those of the backup, so a crash in between leaves an etcd that can be read.
func Restore(target Target) (Outcome, error) {
	var outcome Outcome
	release, err := target.standsStill()
	if err != nil {
		return outcome, err
	}
	defer release()
	staging, err := os.MkdirTemp(target.DataDir, ".restore-*") // mode 0700
	if err != nil {
		return outcome, err
	}
	defer os.RemoveAll(staging)
	manifest, err := target.unpack(staging)
	if err != nil {
		return outcome, fmt.Errorf("%s: %w", target.File, err)
	}
	fresh := filepath.Join(staging, "etcd.new")
	revision, err := build(filepath.Join(staging, snapshotName), fresh)
	if err != nil {
		return outcome, fmt.Errorf("%s: %w", target.File, err)
	}
	aside := filepath.Join(target.DataDir, "before-restore-"+target.Now.UTC().Format(asideLayout))
	if err := os.Mkdir(aside, 0o700); err != nil {
		return outcome, err
	}
	if err := target.putKeys(staging, aside); err != nil {
		return outcome, err
	}
	if err := exchange(fresh, filepath.Join(target.DataDir, "etcd"), filepath.Join(aside, "etcd")); err != nil {
		return outcome, err
	}
	return Outcome{Manifest: manifest, Aside: aside, Revision: revision}, nil
}

// standsStill says so if etcd runs on the data folder, and keeps it from starting there until it is released.
func (target Target) standsStill() (func(), error) {
	path := filepath.Join(target.DataDir, "etcd", "member", "snap", "db")
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	// etcd holds the same lock as long as it runs.
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("etcd runs in %s: stop Monopod first", filepath.Join(target.DataDir, "etcd"))
		}
		return nil, err
	}
	return func() { file.Close() }, nil
}

func (target Target) unpack(staging string) (Manifest, error) {
	file, err := os.Open(target.File)
	if err != nil {
		return Manifest{}, errors.Unwrap(err)
	}
	defer file.Close()
	archive := tar.NewReader(file)
	manifest, err := readManifest(archive)
	if err != nil {
		return manifest, err
	}
	if err := target.fits(manifest); err != nil {
		return manifest, err
	}
	return manifest, unpack(archive, manifest, staging)
}

// fits says why this version, or this cluster, can't go on with the backup.
func (target Target) fits(manifest Manifest) error {
	if minor(manifest.Kubernetes) != minor(target.Kubernetes) {
		return fmt.Errorf("it was made by Monopod %s with Kubernetes %s; this one has %s: restore it with a Monopod that has Kubernetes %s, and upgrade then",
			manifest.Monopod, manifest.Kubernetes, target.Kubernetes, minor(manifest.Kubernetes))
	}
	for _, name := range slices.Sorted(maps.Keys(target.Settings)) {
		if here, there := target.Settings[name], manifest.Settings[name]; here != there {
			return fmt.Errorf("%s of its cluster is %q, and here %q: bring Monopod up with the same one first", name, there, here)
		}
	}
	return nil
}

// minor of v1.36.3 is v1.36.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// build makes etcd's folder of a snapshot, which it compares with its hash.
func build(from, to string) (int64, error) {
	if err := checkOwnHash(from); err != nil {
		return 0, fmt.Errorf("etcd's snapshot: %w", err)
	}
	status, err := statusOf(from)
	if err != nil {
		return 0, err
	}
	err = snapshot.NewV3(zap.NewNop()).Restore(snapshot.RestoreConfig{SnapshotPath: from, Name: member, OutputDataDir: to,
		PeerURLs: []string{peerURL}, InitialCluster: member + "=" + peerURL, InitialClusterToken: "etcd-cluster",
		RevisionBump: bump, MarkCompacted: true})
	if err != nil {
		return 0, fmt.Errorf("etcd's snapshot: %w", err)
	}
	return status.Revision + bump, os.Chmod(to, 0o700)
}

// putKeys puts a copy of each file aside before it is replaced. One that is the same stays untouched.
func (target Target) putKeys(staging, aside string) error {
	pki := filepath.Join(target.DataDir, "pki")
	if err := os.MkdirAll(pki, 0o700); err != nil {
		return err
	}
	secrets := filepath.Join(staging, keyPart(encryption.FileName))
	if err := encryption.Merge(secrets, filepath.Join(pki, encryption.FileName)); err != nil {
		return err
	}
	for _, file := range keyFiles() {
		wanted, err := os.ReadFile(filepath.Join(staging, keyPart(file)))
		if err != nil {
			return err
		}
		path := filepath.Join(pki, file)
		present, err := os.ReadFile(path)
		if err == nil && bytes.Equal(present, wanted) {
			continue
		}
		if err == nil {
			err = writeNew(filepath.Join(aside, keyPart(file)), present)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := replace(path, wanted); err != nil {
			return err
		}
	}
	return syncFolder(pki)
}

func replace(path string, content []byte) error {
	fresh := path + ".restored"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := writeNew(fresh, content); err != nil {
		return err
	}
	if strings.HasSuffix(path, ".crt") || strings.HasSuffix(path, ".pub") {
		if err := os.Chmod(fresh, 0o644); err != nil {
			return err
		}
	}
	return os.Rename(fresh, path)
}

// exchange puts the fresh folder where the present one is, and that aside.
func exchange(fresh, place, aside string) error {
	if _, err := os.Lstat(place); errors.Is(err, os.ErrNotExist) {
		return errors.Join(os.Rename(fresh, place), syncFolder(filepath.Dir(place)))
	}
	if err := unix.Renameat2(unix.AT_FDCWD, fresh, unix.AT_FDCWD, place, unix.RENAME_EXCHANGE); err != nil {
		return fmt.Errorf("exchange %s and %s: %w", fresh, place, err)
	}
	// From here on the fresh one holds.
	if err := os.Rename(fresh, aside); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(place))
}
