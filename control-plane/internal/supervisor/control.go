package supervisor

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Client speaks to the supervisor of a run folder; the host part of its URLs is ignored.
func Client(runDir string) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(runDir, "supervisor.sock"))
		},
	}}
}

func (s *Supervisor) listen() (*http.Server, error) {
	path := filepath.Join(s.options.RunDir, "supervisor.sock")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /status", func(response http.ResponseWriter, _ *http.Request) {
		statuses := make([]Status, 0, len(s.order))
		for _, w := range s.order {
			statuses = append(statuses, w.snapshot())
		}
		answer(response, http.StatusOK, map[string]any{"pid": os.Getpid(), "processes": statuses})
	})
	routes.HandleFunc("POST /restart/{name}", func(response http.ResponseWriter, request *http.Request) {
		if err := s.Restart(request.PathValue("name")); err != nil {
			answer(response, http.StatusNotFound, map[string]string{"error": err.Error()})
			return
		}
		answer(response, http.StatusAccepted, map[string]string{})
	})
	routes.HandleFunc("POST /stop", func(response http.ResponseWriter, _ *http.Request) {
		answer(response, http.StatusAccepted, map[string]string{})
		s.stop()
	})
	server := &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return server, nil
}

func answer(response http.ResponseWriter, code int, value any) {
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(code)
	_ = json.NewEncoder(response).Encode(value)
}

// rotateLogs keeps one older file beside each log. Copy and truncate, since the process holds the file open (O_APPEND
// makes its next line start at the new end); lines written between the two are lost.
func (s *Supervisor) rotateLogs(ctx context.Context) {
	for pause(ctx, 10*time.Second) {
		for _, w := range s.order {
			path := filepath.Join(s.options.LogDir, w.Name+".log")
			if information, err := os.Stat(path); err != nil || information.Size() < s.options.LogLimitBytes {
				continue
			}
			if err := copyAndTruncate(path); err != nil {
				slog.Error("log not rotated", "path", path, "error", err)
			}
		}
	}
}

func copyAndTruncate(path string) error {
	source, err := os.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(path + ".1")
	if err != nil {
		return err
	}
	defer target.Close()
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return os.Truncate(path, 0)
}
