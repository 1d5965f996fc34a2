package encryption

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func file(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "encryption.yaml")
	if err := Ensure(path, start); err != nil {
		t.Fatal(err)
	}
	return path
}

func present(t *testing.T, file string) keys {
	t.Helper()
	found, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func rotate(t *testing.T, file string, now time.Time) string {
	t.Helper()
	name, err := Rotate(file, now)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFirstKeyIsMadeOnceAndForRootAlone(t *testing.T) {
	path := file(t)
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Ensure(path, start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	second, _ := os.ReadFile(path)
	if !slices.Equal(first, second) {
		t.Error("the second call changed the file")
	}
	if information, _ := os.Stat(path); information.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", information.Mode())
	}
	for _, want := range []string{"kind: EncryptionConfiguration", "apiVersion: apiserver.config.k8s.io/v1", "- secrets", "secretbox:", "identity: {}"} {
		if !strings.Contains(string(first), want) {
			t.Errorf("no %q in\n%s", want, first)
		}
	}
	if strings.Index(string(first), "identity") < strings.Index(string(first), "secretbox") {
		t.Error("plain text comes first")
	}
}

func TestAFileThatIsNoConfigurationIsNeverReplaced(t *testing.T) {
	for name, content := range map[string]string{"cut off": "", "no key": "kind: EncryptionConfiguration", "another": "a: [b"} {
		path := filepath.Join(t.TempDir(), "encryption.yaml")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Ensure(path, start); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
		if _, err := Rotate(path, start); err == nil {
			t.Errorf("%s: rotated", name)
		}
		if now, _ := os.ReadFile(path); string(now) != content {
			t.Errorf("%s: replaced", name)
		}
	}
}

func TestANewKeyEncryptsAndTheOlderStillDecrypt(t *testing.T) {
	path := file(t)
	before := present(t, path)
	name := rotate(t, path, start.Add(time.Hour))
	after := present(t, path)
	if len(after) != 2 || after.newest() != name || after[1] != before[0] || after[0].Secret == before[0].Secret {
		t.Errorf("keys %v after %v", names(after), names(before))
	}
	if _, err := Rotate(path, start); err == nil {
		t.Error("a key older than the newest was put before it")
	}
}

func TestAKeyThatIsNotTheNewestAnyMoreDropsNothing(t *testing.T) {
	path := file(t)
	second := rotate(t, path, start.Add(time.Hour))
	rotate(t, path, start.Add(2*time.Hour))
	if err := dropOlder(path, second); err != nil {
		t.Fatal(err)
	}
	if found := present(t, path); len(found) != 3 {
		t.Errorf("keys %v", names(found))
	}
}

// cluster is an API server and its etcd, as far as Secrets go. The server encrypts with the newest key that it has
// loaded, or writes plain text.
type cluster struct {
	clientv3.KV
	*fake.Clientset
	file   string
	loaded string
	values map[string]string
	now    time.Time
}

func newCluster(t *testing.T, file string, secrets ...string) (*cluster, *Keeper) {
	c := &cluster{file: file, values: map[string]string{}, now: start}
	var objects []runtime.Object
	for _, place := range secrets {
		namespace, name, _ := strings.Cut(place, "/")
		objects = append(objects, &core.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}})
		c.values[secretsPrefix+place] = "k8s\x00plain"
	}
	c.Clientset = fake.NewClientset(objects...)
	stored := func(action clienttesting.Action) (bool, runtime.Object, error) {
		object := action.(clienttesting.CreateAction).GetObject().(*core.Secret)
		key := secretsPrefix + object.Namespace + "/" + object.Name
		_, err := c.Tracker().Get(action.GetResource(), object.Namespace, object.Name)
		if action.GetVerb() == "update" || apierrors.IsNotFound(err) {
			c.values[key] = c.loaded + "sealed"
		}
		return false, nil, nil
	}
	c.PrependReactor("create", "secrets", stored)
	c.PrependReactor("update", "secrets", stored)
	return c, &Keeper{file: file, client: c, etcd: c, now: func() time.Time { return c.now }}
}

// reload is what the API server does within a minute.
func (c *cluster) reload(t *testing.T) {
	c.loaded = "k8s:enc:secretbox:v1:" + present(t, c.file).newest() + ":"
}

func (c *cluster) Get(_ context.Context, from string, options ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	operation := clientv3.OpGet(from, options...)
	end := string(operation.RangeBytes())
	var keys []string
	for key := range c.values {
		if key >= from && key < end {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	response := &clientv3.GetResponse{More: len(keys) > pageSize}
	for _, key := range keys[:min(pageSize, len(keys))] {
		response.Kvs = append(response.Kvs, &mvccpb.KeyValue{Key: []byte(key), Value: []byte(c.values[key])})
	}
	return response, nil
}

func (c *cluster) under(key string) (all, encrypted int) {
	for _, value := range c.values {
		if under([]byte(value), key) {
			encrypted++
		}
	}
	return len(c.values), encrypted
}

func steps(t *testing.T, keeper *Keeper, count int) {
	t.Helper()
	for range count {
		if err := keeper.step(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlainSecretsAreWrittenAnew(t *testing.T) {
	path := file(t)
	var many []string
	for i := range 2*pageSize + 1 {
		many = append(many, "n/s"+strings.Repeat("x", i))
	}
	cluster, keeper := newCluster(t, path, many...)
	cluster.reload(t)

	steps(t, keeper, 1)

	if all, encrypted := cluster.under(present(t, path).newest()); all != len(many)+1 || encrypted != all {
		t.Errorf("%d of %d encrypted", encrypted, all)
	}
}

func TestAnOlderKeyStaysUntilTheServerWritesWithTheNewest(t *testing.T) {
	path := file(t)
	cluster, keeper := newCluster(t, path, "a/b")
	cluster.reload(t)
	steps(t, keeper, 3)
	newest := rotate(t, path, start.Add(time.Hour))

	steps(t, keeper, 5)

	if found := present(t, path); len(found) != 2 {
		t.Fatalf("keys %v before the server has read the file", names(found))
	}
	cluster.reload(t)
	steps(t, keeper, 2)
	if found := present(t, path); len(found) != 2 {
		t.Fatalf("keys %v after one clean look", names(found))
	}
	steps(t, keeper, 1)
	if found := present(t, path); len(found) != 1 || found.newest() != newest {
		t.Fatalf("keys %v, want %s alone", names(found), newest)
	}
	if all, encrypted := cluster.under(newest); encrypted != all {
		t.Errorf("%d of %d under the key that is left", encrypted, all)
	}
}

func TestWithoutASecretNothingIsDroppedBeforeTheServerHasReadTheFile(t *testing.T) {
	path := file(t)
	cluster, keeper := newCluster(t, path)
	cluster.reload(t)
	rotate(t, path, start.Add(time.Hour))

	steps(t, keeper, 5)

	if found := present(t, path); len(found) != 2 {
		t.Errorf("keys %v", names(found))
	}
}

func TestEtcdThatShowsNoSecretDropsNothing(t *testing.T) {
	path := file(t)
	cluster, keeper := newCluster(t, path)
	cluster.reload(t)
	steps(t, keeper, 1)
	rotate(t, path, start.Add(time.Hour))
	clear(cluster.values)

	for range 3 {
		if err := keeper.step(context.Background()); err == nil || !strings.Contains(err.Error(), canaryName) {
			t.Fatalf("got %v", err)
		}
	}

	if found := present(t, path); len(found) != 2 {
		t.Errorf("keys %v", names(found))
	}
}

func TestAnOldKeyIsReplacedByItself(t *testing.T) {
	path := file(t)
	cluster, keeper := newCluster(t, path, "a/b")
	cluster.reload(t)
	steps(t, keeper, 4)
	cluster.now = start.Add(keyLife)
	steps(t, keeper, 1)
	if found := present(t, path); len(found) != 1 {
		t.Fatalf("keys %v on the last day", names(found))
	}
	cluster.now = start.Add(keyLife + time.Hour)
	steps(t, keeper, 1)
	cluster.reload(t)
	steps(t, keeper, 4)

	found := present(t, path)
	if all, encrypted := cluster.under(found.newest()); len(found) != 1 || found.old(cluster.now) || encrypted != all {
		t.Errorf("keys %v; %d of %d encrypted", names(found), encrypted, all)
	}
}

func TestNothingIsAskedOnceAllIsDone(t *testing.T) {
	path := file(t)
	cluster, keeper := newCluster(t, path, "a/b")
	cluster.reload(t)
	steps(t, keeper, 4)
	cluster.ClearActions()

	steps(t, keeper, 3)

	if actions := cluster.Actions(); len(actions) > 0 {
		t.Errorf("%v", actions)
	}
}
