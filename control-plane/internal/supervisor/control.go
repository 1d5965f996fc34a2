package supervisor

import (
	"context"
	"encoding/json"
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
