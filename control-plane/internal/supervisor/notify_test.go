package supervisor

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// hear returns what a service manager is told next.
func hear(t *testing.T, manager *net.UnixConn) string {
	t.Helper()
	buffer := make([]byte, 64)
	_ = manager.SetReadDeadline(time.Now().Add(5 * time.Second))
	count, err := manager.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:count])
}

func TestTellsAServiceManagerWhenItAnswersAndWhenItStops(t *testing.T) {
	folder := t.TempDir()
	socket := filepath.Join(folder, "manager")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	t.Setenv("NOTIFY_SOCKET", socket)

	stop := startTest(t, folder, Process{Name: "sees-no-socket", Command: []string{"sh", "-c", "test -z \"$NOTIFY_SOCKET\" && exec sleep 1000"}})

	if told := hear(t, manager); told != "READY=1" {
		t.Errorf("told first: %s", told)
	}
	if response, err := Client(folder).Get("http://supervisor/status"); err != nil {
		t.Errorf("it does not answer though it said that it is ready: %v", err)
	} else {
		response.Body.Close()
	}
	eventually(t, "its process runs", func() bool { return statusOf(folder, "sees-no-socket").Ready })
	if restarts := statusOf(folder, "sees-no-socket").Restarts; restarts != 0 {
		t.Errorf("its process saw the socket: %d restarts", restarts)
	}
	stop()
	if told := hear(t, manager); told != "STOPPING=1" {
		t.Errorf("told last: %s", told)
	}
	if os.Getenv("NOTIFY_SOCKET") != "" {
		t.Error("what it starts later would speak to the service manager")
	}
}

func TestRunsWithoutAServiceManager(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("NOTIFY_SOCKET", filepath.Join(folder, "nobody"))

	stop := startTest(t, folder, Process{Name: "sleeper", Command: []string{"sleep", "1000"}})

	eventually(t, "its process runs", func() bool { return statusOf(folder, "sleeper").Ready })
	stop()
}
