package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"

	"dev.monopod/control-plane/internal/certificates"
	"dev.monopod/control-plane/internal/encryption"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// cluster is a data folder with the keys of one.
func cluster(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if _, err := certificates.Ensure(certificates.Options{DataDir: folder, HostName: "one", HostAddress: "192.168.0.4", ServiceCIDR: "10.100.0.0/16"}); err != nil {
		t.Fatal(err)
	}
	if err := encryption.Ensure(filepath.Join(folder, "pki", encryption.FileName), now); err != nil {
		t.Fatal(err)
	}
	return folder
}

// etcd runs on the folder, at a port of its own, until the function is called.
func etcd(t *testing.T, folder string) (*clientv3.Client, string, func()) {
	t.Helper()
	pki := func(file string) string { return filepath.Join(folder, "pki", file) }
	config := embed.NewConfig()
	config.Name, config.Dir, config.LogLevel = member, filepath.Join(folder, "etcd"), "fatal"
	here, _ := url.Parse("https://127.0.0.1:0")
	peer, _ := url.Parse(peerURL)
	unused, _ := url.Parse("https://127.0.0.1:0")
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*here}, []url.URL{*here}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*unused}, []url.URL{*peer}
	config.InitialCluster, config.UnsafeNoFsync = member+"="+peerURL, true
	tls := transport.TLSInfo{TrustedCAFile: pki("etcd-ca.crt"), CertFile: pki("etcd-server.crt"), KeyFile: pki("etcd-server.key"), ClientCertAuth: true}
	config.ClientTLSInfo, config.PeerTLSInfo = tls, tls
	server, err := embed.StartEtcd(config)
	if err != nil {
		t.Fatal(err)
	}
	stop := server.Close
	select {
	case <-server.Server.ReadyNotify():
	case <-time.After(30 * time.Second):
		stop()
		t.Fatal("etcd is not ready within 30 s")
	}
	endpoint := "https://" + server.Clients[0].Addr().String()
	user, err := transport.TLSInfo{TrustedCAFile: pki("etcd-ca.crt"), CertFile: pki("apiserver-etcd-client.crt"), KeyFile: pki("apiserver-etcd-client.key")}.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, TLS: user})
	if err != nil {
		t.Fatal(err)
	}
	return client, endpoint, func() { client.Close(); stop() }
}

func put(t *testing.T, client *clientv3.Client, key, value string) int64 {
	t.Helper()
	answer, err := client.Put(t.Context(), key, value)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Header.Revision
}

func get(t *testing.T, client *clientv3.Client, key string) string {
	t.Helper()
	answer, err := client.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.Kvs) == 0 {
		return "nothing"
	}
	return string(answer.Kvs[0].Value)
}

func options(folder, endpoint, file string) Options {
	return Options{DataDir: folder, File: file, Etcd: endpoint, Monopod: "0.1.0", Kubernetes: "v1.36.3", Host: "one",
		Settings: map[string]string{"the range of Services": "10.100.0.0/16"}, Now: now}
}

func target(folder, file string) Target {
	return Target{DataDir: folder, File: file, Kubernetes: "v1.36.4",
		Settings: map[string]string{"the range of Services": "10.100.0.0/16"}, Now: now}
}

// made is a backup of a cluster whose etcd has one key, and which does not run.
func made(t *testing.T) (folder, file string) {
	t.Helper()
	folder = cluster(t)
	client, endpoint, stop := etcd(t, folder)
	defer stop()
	put(t, client, "/registry/old", "kept")
	file = filepath.Join(t.TempDir(), "backup")
	if _, err := Make(t.Context(), options(folder, endpoint, file)); err != nil {
		t.Fatal(err)
	}
	return folder, file
}

func TestWhatWasThereAtTheBackupIsThereAgainAndNothingSince(t *testing.T) {
	folder := cluster(t)
	file := filepath.Join(t.TempDir(), "backup")
	client, endpoint, stop := etcd(t, folder)
	put(t, client, "/registry/old", "kept")
	manifest, err := Make(t.Context(), options(folder, endpoint, file))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	put(t, client, "/registry/old", "changed")
	seen := put(t, client, "/registry/new", "made after it")
	stop()
	if manifest.Revision >= seen || manifest.Keys != 1 || manifest.Etcd != "3.6.14" {
		t.Fatalf("%+v after revision %d", manifest, seen)
	}

	outcome, err := Restore(target(folder, file))

	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(outcome.Aside, "etcd", "member", "snap", "db")); err != nil {
		t.Fatalf("what was there is not put aside: %v", err)
	}
	client, _, stop = etcd(t, folder)
	defer stop()
	if old, fresh := get(t, client, "/registry/old"), get(t, client, "/registry/new"); old != "kept" || fresh != "nothing" {
		t.Fatalf("old: %s, new: %s", old, fresh)
	}
	if next := put(t, client, "/registry/next", ""); next <= seen || next != outcome.Revision+1 {
		t.Fatalf("revision %d after %d, and %d was told", next, seen, outcome.Revision)
	}
	watched, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	answer := <-client.Watch(watched, "/registry/", clientv3.WithPrefix(), clientv3.WithRev(seen))
	if !errors.Is(answer.Err(), rpctypes.ErrCompacted) {
		t.Fatalf("a watch from before goes on as if nothing was: %v", answer.Err())
	}
	left, err := filepath.Glob(filepath.Join(folder, ".restore-*"))
	if err != nil || len(left) > 0 {
		t.Fatalf("%v, %v", left, err)
	}
}

func TestAnotherMachineGetsTheKeysAndKeepsItsOwnAside(t *testing.T) {
	folder, file := made(t)
	other := cluster(t)
	keys := filepath.Join(other, "pki", encryption.FileName)
	if _, err := encryption.Rotate(keys, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(other, "pki", "sa.key"))
	if err != nil {
		t.Fatal(err)
	}

	outcome, err := Restore(target(other, file))

	if err != nil {
		t.Fatal(err)
	}
	for _, name := range keyFiles() {
		if name != encryption.FileName {
			same(t, filepath.Join(other, "pki", name), filepath.Join(folder, "pki", name))
		}
	}
	aside, err := os.ReadFile(filepath.Join(outcome.Aside, "pki", "sa.key"))
	if err != nil || !bytes.Equal(aside, before) {
		t.Fatalf("its own key is not put aside: %v", err)
	}
	content, err := os.ReadFile(keys)
	if err != nil || strings.Count(string(content), "secret:") != 2 {
		t.Fatalf("keys of Secrets: %s, %v", content, err)
	}
	// As at each start: what the authorities have signed is made anew.
	issued, err := certificates.Ensure(certificates.Options{DataDir: other, HostName: "two", HostAddress: "192.168.0.4", ServiceCIDR: "10.100.0.0/16"})
	if err != nil || !slices.Contains(issued, "etcd-server") {
		t.Fatalf("%v, %v", issued, err)
	}
	client, _, stop := etcd(t, other)
	defer stop()
	if old := get(t, client, "/registry/old"); old != "kept" {
		t.Fatalf("old: %s", old)
	}
}

func same(t *testing.T, one, other string) {
	t.Helper()
	a, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(other)
	if err != nil || !bytes.Equal(a, b) {
		t.Fatalf("%s differs from %s: %v", one, other, err)
	}
}

func TestNothingChangesIfTheBackupCannotBeUsed(t *testing.T) {
	folder, file := made(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	snapshot := bytes.Index(whole, []byte(snapshotName+"\x00"))
	key := bytes.Index(whole, []byte("pki/ca.key\x00"))
	for name, trial := range map[string]struct {
		content []byte
		words   string
	}{
		"a byte of the snapshot":  {flipped(whole, snapshot+512+4096*2), "it is spoilt: etcd/snapshot.db has SHA-256 "},
		"a byte of a key":         {flipped(whole, key+512+100), "it is spoilt: pki/ca.key has SHA-256 "},
		"a byte of the manifest":  {flipped(whole, 512+30), "it is "},
		"half of it":              {whole[:len(whole)/2], "etcd/snapshot.db is not whole"},
		"an end before the parts": {whole[:4096], "it is "},
		"nothing":                 {nil, "it is no backup of Monopod: no manifest.json"},
		"another file":            {[]byte(strings.Repeat("words ", 1000)), "it is no backup of Monopod"},
		"another format":          {remade(t, whole, func(m *Manifest) { m.Format, m.Monopod = 2, "3.0" }), "it was made by Monopod 3.0 in format 2; this one reads format 1"},
		"another Kubernetes":      {remade(t, whole, func(m *Manifest) { m.Kubernetes = "v1.37.0" }), "with Kubernetes v1.37.0; this one has v1.36.4"},
		"another cluster":         {remade(t, whole, func(m *Manifest) { m.Settings["the range of Services"] = "10.1.0.0/16" }), `the range of Services of its cluster is "10.1.0.0/16", and here "10.100.0.0/16"`},
		"a part of another name":  {remade(t, whole, func(m *Manifest) { m.Parts[0].Name = "../../evil" }), `manifest.json names "../../evil"`},
	} {
		t.Run(name, func(t *testing.T) {
			broken := filepath.Join(t.TempDir(), "broken")
			if err := os.WriteFile(broken, trial.content, 0o600); err != nil {
				t.Fatal(err)
			}
			before := files(t, folder)

			_, err := Restore(target(folder, broken))

			if err == nil || !strings.HasPrefix(err.Error(), broken+": ") || !strings.Contains(err.Error(), trial.words) {
				t.Fatalf("%v", err)
			}
			if after := files(t, folder); !slices.Equal(before, after) {
				t.Fatalf("%v, and before %v", after, before)
			}
		})
	}
	if _, err := Restore(target(folder, filepath.Join(folder, "none"))); err == nil || !strings.Contains(err.Error(), "none: no such file") {
		t.Fatalf("%v", err)
	}
}

// Whatever byte is spoilt: it is told, or it was of no account.
func TestNoSpoiltByteComesThrough(t *testing.T) {
	_, file := made(t)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wanted := t.TempDir()
	if err := unpackAll(whole, wanted); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(whole); at += 1 + len(whole)/150 {
		folder := t.TempDir()
		if unpackAll(flipped(whole, at), folder) == nil {
			for _, name := range partNames() {
				same(t, filepath.Join(folder, name), filepath.Join(wanted, name))
			}
		}
	}
}

func unpackAll(content []byte, folder string) error {
	archive := tar.NewReader(bytes.NewReader(content))
	manifest, err := readManifest(archive)
	if err != nil {
		return err
	}
	return unpack(archive, manifest, folder)
}

// The snapshot's own hash, too: an archive may have been packed by other hands.
func TestASnapshotThatItsOwnHashDoesNotFitIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	pages := bytes.Repeat([]byte("page"), 1024)
	sum := sha256.Sum256(pages)
	for content, words := range map[string]string{
		string(pages) + string(sum[:]):                        "",
		string(pages):                                         "no hash at its end",
		string(flipped(pages, 7)) + string(sum[:]):            "the hash at its end is",
		string(pages) + string(flipped(sum[:], 3)):            "the hash at its end is",
		string(pages[:len(pages)-512*2+100]) + string(sum[:]): "no hash at its end",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := checkOwnHash(path)
		if (err == nil) != (words == "") || err != nil && !strings.Contains(err.Error(), words) {
			t.Fatalf("%v, not %q", err, words)
		}
	}
}

func TestARunningEtcdIsLeftAlone(t *testing.T) {
	folder, file := made(t)
	client, _, stop := etcd(t, folder)
	defer stop()
	put(t, client, "/registry/new", "made after it")

	_, err := Restore(target(folder, file))

	if err == nil || !strings.Contains(err.Error(), "etcd runs in ") || get(t, client, "/registry/new") != "made after it" {
		t.Fatalf("%v", err)
	}
}

func TestABackupReplacesNoFileAndLeavesNoneIfItFails(t *testing.T) {
	folder, file := made(t)
	if _, err := Make(t.Context(), options(folder, "https://127.0.0.1:1", file)); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Fatalf("%v", err)
	}
	place := t.TempDir()
	short, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := Make(short, options(folder, "https://127.0.0.1:1", filepath.Join(place, "backup")))
	if err == nil || !strings.Contains(err.Error(), "https://127.0.0.1:1 does not answer") {
		t.Fatalf("%v", err)
	}
	if left := files(t, place); len(left) > 0 {
		t.Fatalf("%v", left)
	}
}
