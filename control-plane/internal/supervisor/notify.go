package supervisor

import (
	"log/slog"
	"net"
	"os"
	"strings"
)

// serviceManager is the socket of a service manager that waits to hear how this process fares (sd_notify(3)).
type serviceManager string

// takeServiceManager reads the socket's name and takes it out of the environment: etcd would speak there too.
func takeServiceManager() serviceManager {
	const name = "NOTIFY_SOCKET"
	socket := os.Getenv(name)
	if err := os.Unsetenv(name); err != nil {
		slog.Error("cannot keep the processes from speaking to the service manager", "error", err)
	}
	return serviceManager(socket)
}

// tell does nothing if no service manager waits. One that does not hear ends this process at its limit, and says so.
func (m serviceManager) tell(state string) {
	if m == "" {
		return
	}
	// A name that begins with @ is none of the file system; its first byte is zero.
	address := &net.UnixAddr{Name: strings.Replace(string(m), "@", "\x00", 1), Net: "unixgram"}
	connection, err := net.DialUnix("unixgram", nil, address)
	if err == nil {
		defer connection.Close()
		_, err = connection.Write([]byte(state))
	}
	if err != nil {
		slog.Error("cannot tell the service manager", "state", state, "error", err)
	}
}
