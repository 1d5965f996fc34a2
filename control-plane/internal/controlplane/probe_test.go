package controlplane

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
