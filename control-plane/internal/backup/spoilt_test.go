package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func flipped(content []byte, at int) []byte {
	changed := bytes.Clone(content)
	changed[at] ^= 0x40
	return changed
}

// remade is the archive with another manifest, whose hash fits.
func remade(t *testing.T, whole []byte, change func(*Manifest)) []byte {
	t.Helper()
	archive := tar.NewReader(bytes.NewReader(whole))
	manifest, err := readManifest(archive)
	if err != nil {
		t.Fatal(err)
	}
	change(&manifest)
	encoded, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(encoded)
	var out bytes.Buffer
	writer := tar.NewWriter(&out)
	if err := writeEntry(writer, manifest, manifestName, int64(len(encoded)), bytes.NewReader(encoded)); err != nil {
		t.Fatal(err)
	}
	hash := []byte(hex.EncodeToString(sum[:]))
	if err := writeEntry(writer, manifest, hashName, int64(len(hash)), bytes.NewReader(hash)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// files are the names and sizes of all files of a folder.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err == nil {
			found = append(found, path+" "+info.ModTime().String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found[1:] // not the folder itself, in which a file may have been and gone
}
