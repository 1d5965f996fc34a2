package controlplane

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"dev.monopod/control-plane/internal/supervisor"
	"golang.org/x/sys/unix"
)

// probe asks a local URL. Certificates are read anew each time, so a renewal needs no word to it.
type probe struct {
	url       string
	authority string // the server's certificate is not checked if empty
	pair      string // client certificate: path without .crt and .key
	namespace string // network namespace to ask from
}

// alive is check for a process of which any answer is a sign of life; one that is no yes says that a part of it hangs.
func (p probe) alive(ctx context.Context) error {
	err := p.check(ctx)
	var refusal refusal
	if errors.As(err, &refusal) {
		return fmt.Errorf("%w: %w", supervisor.ErrStalled, err)
	}
	return err
}

// refusal is an answer that is not 200 to 299.
type refusal string

func (r refusal) Error() string { return string(r) }

func (p probe) check(ctx context.Context) error {
	settings := &tls.Config{InsecureSkipVerify: p.authority == ""}
	if p.authority != "" {
		content, err := os.ReadFile(p.authority)
		if err != nil {
			return err
		}
		settings.RootCAs = x509.NewCertPool()
		settings.RootCAs.AppendCertsFromPEM(content)
	}
	if p.pair != "" {
		pair, err := tls.LoadX509KeyPair(p.pair+".crt", p.pair+".key")
		if err != nil {
			return err
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{TLSClientConfig: settings, DisableKeepAlives: true}
	if p.namespace != "" {
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialInside(ctx, p.namespace, network, address)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return refusal(fmt.Sprintf("%s answers %s%s", p.url, response.Status, failedChecks(response.Body)))
	}
	return nil
}

// failedChecks returns the lines of a readiness report that say what fails: those that begin with [-].
func failedChecks(report io.Reader) string {
	const limit = 16 << 10
	var failed strings.Builder
	lines := bufio.NewScanner(io.LimitReader(report, limit))
	for lines.Scan() {
		if check, found := strings.CutPrefix(lines.Text(), "[-]"); found {
			if failed.Len() == 0 {
				failed.WriteString(": ")
			} else {
				failed.WriteString("; ")
			}
			failed.WriteString(check)
		}
	}
	return failed.String()
}

// dialInside makes the socket in another network namespace. The thread is not given back (the goroutine ends locked),
// so no other goroutine can ever run in that namespace by mistake.
func dialInside(ctx context.Context, namespace, network, address string) (net.Conn, error) {
	type result struct {
		connection net.Conn
		err        error
	}
	answer := make(chan result, 1)
	go func() {
		runtime.LockOSThread()
		file, err := os.Open(filepath.Join("/run/netns", namespace))
		if err != nil {
			answer <- result{nil, err}
			return
		}
		defer file.Close()
		if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
			answer <- result{nil, err}
			return
		}
		connection, err := (&net.Dialer{}).DialContext(ctx, network, address)
		answer <- result{connection, err}
	}()
	got := <-answer
	return got.connection, got.err
}

func namespaceExists(name string) error {
	var file unix.Statfs_t
	if err := unix.Statfs(filepath.Join("/run/netns", name), &file); err != nil || file.Type != unix.NSFS_MAGIC {
		return fmt.Errorf("network namespace %s is not there yet", name)
	}
	return nil
}

func addressExists(address string) error {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, present := range addresses {
		if network, ok := present.(*net.IPNet); ok && network.IP.String() == address {
			return nil
		}
	}
	return fmt.Errorf("address %s is not there yet", address)
}
