// Package encryption keeps Secrets encrypted in etcd: it makes the key, replaces it when it is old, and writes anew what
// an older key, or none, was used for.
package encryption

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiserver "k8s.io/apiserver/pkg/apis/apiserver/v1"
	"sigs.k8s.io/yaml"
)

// FileName is that of the keys, in the folder of the certificates. It is as secret as these.
const FileName = "encryption.yaml"

const (
	// keyLife is how long Secrets are written with one key.
	keyLife  = 90 * 24 * time.Hour
	keyBytes = 32
	// nameLayout makes a key's name out of the moment when it was made; its age is read from there.
	nameLayout = "20060102T150405.000Z"
)

// keys are those of the file, the newest first: it alone encrypts, and all decrypt. The file is all the state that there
// is. More than one key means that Secrets under an older one may be left.
type keys []apiserver.Key

func (k keys) newest() string { return k[0].Name }

func (k keys) old(now time.Time) bool {
	made, err := time.Parse(nameLayout, k.newest())
	return err == nil && now.Sub(made) > keyLife
}

// with returns the keys with a new one before them.
func (k keys) with(now time.Time) (keys, error) {
	secret := make([]byte, keyBytes)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	name := now.UTC().Format(nameLayout)
	if len(k) > 0 && k.newest() >= name {
		return nil, fmt.Errorf("the newest key is of %s, which is not before now, %s: is the clock right?", k.newest(), name)
	}
	return append(keys{{Name: name, Secret: base64.StdEncoding.EncodeToString(secret)}}, k...), nil
}

// Ensure makes the file with a first key if it is not there. A file that cannot be read is never replaced: nobody could
// read the Secrets any more.
func Ensure(file string, now time.Time) error {
	return locked(file, func() error {
		_, err := read(file)
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		first, err := keys{}.with(now)
		if err != nil {
			return err
		}
		return write(file, first)
	})
}

// Rotate puts a new key before those of the file, and returns its name. The supervisor does the rest: it writes the
// Secrets anew, and then drops the older keys.
func Rotate(file string, now time.Time) (string, error) {
	var name string
	err := locked(file, func() error {
		present, err := read(file)
		if err != nil {
			return err
		}
		next, err := present.with(now)
		if err != nil {
			return err
		}
		name = next.newest()
		return write(file, next)
	})
	return name, err
}

// dropOlder leaves only the newest key, if that still is the named one.
func dropOlder(file, newest string) error {
	return locked(file, func() error {
		present, err := read(file)
		if err != nil || present.newest() != newest {
			return err
		}
		return write(file, present[:1])
	})
}

func read(file string) (keys, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var configuration apiserver.EncryptionConfiguration
	if err := yaml.UnmarshalStrict(content, &configuration); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, resource := range configuration.Resources {
		for _, provider := range resource.Providers {
			if provider.Secretbox != nil && len(provider.Secretbox.Keys) > 0 {
				return provider.Secretbox.Keys, nil
			}
		}
	}
	return nil, fmt.Errorf("%s: no key of a secretbox provider in it", file)
}

// write leaves either the old or the new content on the disk.
func write(file string, all keys) error {
	content, err := yaml.Marshal(apiserver.EncryptionConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: apiserver.SchemeGroupVersion.String(), Kind: "EncryptionConfiguration"},
		Resources: []apiserver.ResourceConfiguration{{
			Resources: []string{"secrets"},
			Providers: []apiserver.ProviderConfiguration{
				{Secretbox: &apiserver.SecretboxConfiguration{Keys: all}},
				// Last, so only for reading: what was written before there was a key, or comes back with a snapshot of that time.
				{Identity: &apiserver.IdentityConfiguration{}},
			},
		}},
	})
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(file), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.Write(content)
	if err = errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	if err := os.Rename(fresh.Name(), file); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(file))
}

// syncFolder makes a rename last: a key must not be lost once a Secret is written with it.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// locked holds off another process that changes the file: the command that rotates, and the supervisor.
func locked(file string, change func() error) error {
	lock, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return change()
}

// under says whether what etcd holds was written with the key.
func under(value []byte, key string) bool {
	return bytes.HasPrefix(value, []byte("k8s:enc:secretbox:v1:"+key+":"))
}
