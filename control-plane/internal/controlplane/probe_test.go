package controlplane

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"dev.monopod/control-plane/internal/supervisor"
)

func TestProbeNamesTheChecksThatFail(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte("[+]start ok\n[-]leases failed: refused, 3 times\n[!]guest a/b failed: x\n[-]vpcs failed: stalled\nreadyz check failed\n"))
	}))
	defer server.Close()

	err := probe{url: server.URL + "/readyz"}.check(context.Background())

	want := " answers 503 Service Unavailable: leases failed: refused, 3 times; vpcs failed: stalled"
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Fatalf("got %v, want an error that ends with %q", err, want)
	}
}

func TestProbeStaysShortWithoutAReport(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	err := probe{url: server.URL}.check(context.Background())

	if err == nil || !strings.HasSuffix(err.Error(), " answers 404 Not Found") {
		t.Fatalf("got %v", err)
	}
}

func TestAnAnswerIsASignOfLifeWhateverItSays(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())

	if err := (probe{url: server.URL}).alive(context.Background()); !errors.Is(err, supervisor.ErrStalled) {
		t.Fatalf("got %v from a server that answers", err)
	}
	server.Close()
	if err := (probe{url: server.URL}).alive(context.Background()); err == nil || errors.Is(err, supervisor.ErrStalled) {
		t.Fatalf("got %v from a server that has gone", err)
	}
}
