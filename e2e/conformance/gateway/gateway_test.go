// Package gateway runs the Gateway API's own conformance tests against this machine's Monopod.
package gateway

import (
	"bytes"
	"io/fs"
	"os"
	"regexp"
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
)

// What tests of HTTP, gRPC and TLS never send to: one machine each, for nothing.
var unused = regexp.MustCompile(`(?m)^  name: (coredns|tcp-backend)$`)

// manifests are upstream's, with images of the registry that REGISTRY names.
type manifests struct {
	upstream fs.FS
	registry string
}

func (m manifests) Open(name string) (fs.File, error) { return m.upstream.Open(name) }

func (m manifests) ReadFile(name string) ([]byte, error) {
	text, err := fs.ReadFile(m.upstream, name)
	if err != nil {
		return nil, err
	}
	var kept [][]byte
	separator := []byte("\n---\n")
	for _, document := range bytes.Split(text, separator) {
		if !unused.Match(document) {
			kept = append(kept, document)
		}
	}
	return bytes.ReplaceAll(bytes.Join(kept, separator), []byte("registry.k8s.io/"), []byte(m.registry+"/")), nil
}

func TestConformance(t *testing.T) {
	registry := os.Getenv("REGISTRY")
	if registry == "" {
		t.Fatal("REGISTRY is empty: start me by e2e/conformance/gateway/run")
	}
	options := conformance.DefaultOptions(t)
	options.ManifestFS = []fs.FS{manifests{upstream: &conformance.Manifests, registry: registry}}
	conformance.RunConformanceWithOptions(t, options)
}
