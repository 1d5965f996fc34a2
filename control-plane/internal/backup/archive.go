// Package backup writes the state of a cluster into one file, and puts it back.
package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dev.monopod/control-plane/internal/certificates"
	"dev.monopod/control-plane/internal/encryption"
)

const (
	// format is that of the archive, and of what Monopod keeps in etcd beside Kubernetes' objects.
	format       = 1
	manifestName = "manifest.json"
	hashName     = "manifest.sha256"
	snapshotName = "etcd/snapshot.db"
	mostManifest = 1 << 20
	mostKey      = 1 << 20
)

// Manifest says what an archive has, and what it was made of. It is the first entry, and its hash the second.
type Manifest struct {
	Format     int       `json:"format"`
	Time       time.Time `json:"time"`
	Monopod    string    `json:"monopod"`
	Kubernetes string    `json:"kubernetes"`
	Etcd       string    `json:"etcd"`
	Host       string    `json:"host"`
	// Settings without which the snapshot means another cluster, such as the range of Services.
	Settings map[string]string `json:"settings"`
	Revision int64             `json:"revision"`
	Keys     int               `json:"keys"`
	Parts    []Part            `json:"parts"`
}

// Part is a further entry.
type Part struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// keyFiles are all of the folder pki without which a snapshot is of no use, or its hosts, pods and Secrets would have to
// be made anew. What the authorities sign is made again by itself.
func keyFiles() []string {
	files := []string{encryption.FileName, "sa.key", "sa.pub"}
	for _, name := range certificates.Authorities {
		files = append(files, name+".crt", name+".key")
	}
	slices.Sort(files)
	return files
}

func keyPart(file string) string { return "pki/" + file }

// partNames are those that every archive has, in their order.
func partNames() []string {
	var names []string
	for _, file := range keyFiles() {
		names = append(names, keyPart(file))
	}
	return append(names, snapshotName)
}

// hashOf reads a file to its end.
func hashOf(path string) (int64, string, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	return size, hex.EncodeToString(hash.Sum(nil)), err
}

// writeArchive packs the parts, which lie in the folder under their names.
func writeArchive(to io.Writer, manifest Manifest, folder string) error {
	manifest.Parts = nil
	for _, name := range partNames() {
		size, hash, err := hashOf(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		manifest.Parts = append(manifest.Parts, Part{Name: name, Bytes: size, SHA256: hash})
	}
	encoded, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	sum := sha256.Sum256(encoded)
	archive := tar.NewWriter(to)
	for _, head := range []struct {
		name    string
		content []byte
	}{{manifestName, encoded}, {hashName, []byte(hex.EncodeToString(sum[:]) + "\n")}} {
		if err := writeEntry(archive, manifest, head.name, int64(len(head.content)), bytes.NewReader(head.content)); err != nil {
			return err
		}
	}
	for _, part := range manifest.Parts {
		file, err := os.Open(filepath.Join(folder, part.Name))
		if err != nil {
			return err
		}
		err = errors.Join(writeEntry(archive, manifest, part.Name, part.Bytes, file), file.Close())
		if err != nil {
			return err
		}
	}
	return archive.Close()
}

func writeEntry(archive *tar.Writer, manifest Manifest, name string, size int64, content io.Reader) error {
	header := &tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: manifest.Time, Format: tar.FormatPAX}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(archive, content)
	return err
}

// readManifest reads the first two entries.
func readManifest(archive *tar.Reader) (Manifest, error) {
	var manifest Manifest
	encoded, err := head(archive, manifestName, mostManifest)
	if err != nil {
		return manifest, fmt.Errorf("it is no backup of Monopod: %w", err)
	}
	wanted, err := head(archive, hashName, 128)
	if err != nil {
		return manifest, fmt.Errorf("it is no backup of Monopod: %w", err)
	}
	sum := sha256.Sum256(encoded)
	if found := hex.EncodeToString(sum[:]); strings.TrimSpace(string(wanted)) != found {
		return manifest, fmt.Errorf("it is spoilt: %s has SHA-256 %s, not %s", manifestName, found, strings.TrimSpace(string(wanted)))
	}
	// The format first: another one may have other fields.
	var only struct {
		Format  int    `json:"format"`
		Monopod string `json:"monopod"`
	}
	if err := json.Unmarshal(encoded, &only); err != nil {
		return manifest, fmt.Errorf("%s: %w", manifestName, err)
	}
	if only.Format != format {
		return manifest, fmt.Errorf("it was made by Monopod %s in format %d; this one reads format %d", only.Monopod, only.Format, format)
	}
	return manifest, json.Unmarshal(encoded, &manifest)
}

func head(archive *tar.Reader, name string, most int64) ([]byte, error) {
	header, err := archive.Next()
	if err != nil {
		return nil, fmt.Errorf("no %s: %w", name, err)
	}
	if header.Name != name || header.Size > most {
		return nil, fmt.Errorf("%q of %d bytes where %s of at most %d should be", header.Name, header.Size, name, most)
	}
	return io.ReadAll(archive)
}

// unpack checks each part against the manifest while it writes it below the folder. Nothing but the parts that every
// archive has is written, whatever the archive names.
func unpack(archive *tar.Reader, manifest Manifest, folder string) error {
	names := partNames()
	if len(manifest.Parts) != len(names) {
		return fmt.Errorf("%s names %d parts, not %d", manifestName, len(manifest.Parts), len(names))
	}
	for i, part := range manifest.Parts {
		if part.Name != names[i] {
			return fmt.Errorf("%s names %q where %s should be", manifestName, part.Name, names[i])
		}
		if part.Name != snapshotName && part.Bytes > mostKey {
			return fmt.Errorf("%s has %d bytes, more than %d", part.Name, part.Bytes, mostKey)
		}
		header, err := archive.Next()
		if err != nil {
			return fmt.Errorf("it is spoilt, or not whole: no %s: %w", part.Name, err)
		}
		if header.Name != part.Name || header.Size != part.Bytes {
			return fmt.Errorf("it is spoilt: %q of %d bytes where %s of %d should be", header.Name, header.Size, part.Name, part.Bytes)
		}
		if err := unpackPart(archive, part, filepath.Join(folder, part.Name)); err != nil {
			return err
		}
	}
	return nil
}

func unpackPart(from io.Reader, part Part, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, hash), from); err != nil {
		file.Close()
		return fmt.Errorf("%s is not whole: %w", part.Name, err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if found := hex.EncodeToString(hash.Sum(nil)); found != part.SHA256 {
		return fmt.Errorf("it is spoilt: %s has SHA-256 %s, not %s", part.Name, found, part.SHA256)
	}
	return nil
}
