package encryption

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	secretsPrefix = "/registry/secrets/"
	pageSize      = 200
	// look is as long as the API server takes at most to see that the file changed. No write lasts longer.
	look = time.Minute
	// cleanLooks are needed before a key is dropped: at the first, a write with the older key may still be on its way.
	cleanLooks = 2

	canaryNamespace = "kube-system"
	canaryName      = "monopod-encryption"
)

// Keeper brings etcd to what the file says, and the file to a new key when its newest is old.
//
// It asks etcd itself, since the API server does not tell which key it has written a Secret with. A Secret of its own
// shows which key the API server uses, even where there is no other Secret. A crash at any point costs nothing: all
// keys stay in the file until nothing is written with the older ones.
type Keeper struct {
	file    string
	client  kubernetes.Interface
	etcd    clientv3.KV
	now     func() time.Time
	clean   int
	settled []string
}

// Run keeps on until the context ends.
//
// etcdPair is the path of the client certificate and its key, without .crt and .key.
func Run(ctx context.Context, file, kubeconfig, endpoint, etcdAuthority, etcdPair string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(etcdAuthority)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	etcd, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, Context: ctx, DialTimeout: 10 * time.Second,
		TLS: &tls.Config{RootCAs: roots, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(etcdPair+".crt", etcdPair+".key")
			return &pair, err
		}}})
	if err != nil {
		return err
	}
	defer etcd.Close()
	keeper := &Keeper{file: file, client: client, etcd: etcd, now: time.Now}
	for ctx.Err() == nil {
		attempt, cancel := context.WithTimeout(ctx, 10*look)
		err := keeper.step(attempt)
		cancel()
		if err != nil && ctx.Err() == nil {
			slog.Warn("Secrets in etcd not looked through yet", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(look):
		}
	}
	return nil
}

// step is one look; the next one comes after a minute.
func (k *Keeper) step(ctx context.Context) error {
	present, err := read(k.file)
	if err != nil {
		return err
	}
	if len(present) == 1 && present.old(k.now()) {
		name, err := Rotate(k.file, k.now())
		if err == nil {
			slog.Info("a new key for Secrets, since the last one is old", "key", name, "limit", keyLife)
		}
		return err
	}
	if slices.Equal(k.settled, names(present)) {
		return nil
	}
	if err := k.ensureCanary(ctx); err != nil {
		return err
	}
	found, err := k.others(ctx, present.newest())
	if err != nil {
		return err
	}
	if len(found) > 0 {
		k.clean = 0
		return k.rewrite(ctx, found)
	}
	if k.clean++; k.clean < cleanLooks {
		return nil
	}
	k.clean = 0
	if len(present) > 1 {
		if err := dropOlder(k.file, present.newest()); err != nil {
			return err
		}
		slog.Info("all Secrets are under the newest key; the older ones are dropped", "key", present.newest(), "dropped", len(present)-1)
		return nil
	}
	k.settled = names(present)
	return nil
}

func names(all keys) []string {
	var names []string
	for _, key := range all {
		names = append(names, key.Name)
	}
	return names
}

func (k *Keeper) ensureCanary(ctx context.Context) error {
	secret := &core.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: canaryNamespace, Name: canaryName},
		StringData: map[string]string{"purpose": "shows which key the API server encrypts Secrets with"},
	}
	_, err := k.client.CoreV1().Secrets(canaryNamespace).Create(ctx, secret, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// secret is the place of a Secret.
type secret struct{ namespace, name string }

// others lists the Secrets that etcd holds under anything but the key. It fails if the Secret of ours is not among all.
func (k *Keeper) others(ctx context.Context, key string) ([]secret, error) {
	var found []secret
	canary := false
	from, end := secretsPrefix, clientv3.GetPrefixRangeEnd(secretsPrefix)
	for {
		page, err := k.etcd.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(pageSize))
		if err != nil {
			return nil, fmt.Errorf("etcd: %w", err)
		}
		for _, entry := range page.Kvs {
			namespace, name, whole := strings.Cut(strings.TrimPrefix(string(entry.Key), secretsPrefix), "/")
			if !whole {
				return nil, fmt.Errorf("etcd: %q is not the key of a Secret", entry.Key)
			}
			canary = canary || (namespace == canaryNamespace && name == canaryName)
			if !under(entry.Value, key) {
				found = append(found, secret{namespace, name})
			}
		}
		if !page.More || len(page.Kvs) == 0 {
			break
		}
		from = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
	if !canary {
		return nil, fmt.Errorf("etcd: no Secret %s/%s under %s, though the API server has one", canaryNamespace, canaryName, secretsPrefix)
	}
	return found, nil
}

// rewrite puts each Secret back unchanged: the API server writes it with its newest key. Who else has changed it
// meanwhile has done the same.
func (k *Keeper) rewrite(ctx context.Context, found []secret) error {
	var failures []error
	written := 0
	for _, place := range found {
		secrets := k.client.CoreV1().Secrets(place.namespace)
		object, err := secrets.Get(ctx, place.name, metav1.GetOptions{})
		if err == nil {
			_, err = secrets.Update(ctx, object, metav1.UpdateOptions{})
		}
		switch {
		case err == nil:
			written++
		case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		default:
			failures = append(failures, fmt.Errorf("Secret %s/%s: %w", place.namespace, place.name, err))
		}
	}
	slog.Info("Secrets written anew", "written", written, "failed", len(failures))
	return errors.Join(failures...)
}
