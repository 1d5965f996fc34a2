package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// record names one process for ever: a pid alone may be given to another process.
type record struct {
	Pid       int    `json:"pid"`
	StartTime uint64 `json:"startTimeTicks"`
	Command   string `json:"command"`
}

// running is a process that is or was alive; done closes when it is gone.
type running struct {
	record record
	done   chan struct{}
	result string // valid after done
}

// fingerprint changes when a process must be restarted to take a new configuration.
func fingerprint(process Process) string {
	encoded, _ := json.Marshal([]any{process.Command, process.Environment})
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

// launch starts the process in a group of its own, writing straight into its log file: no pipe breaks if the
// supervisor dies, and no parent death signal takes the process along.
func launch(logDir string, process Process) (*running, error) {
	output, err := os.OpenFile(filepath.Join(logDir, process.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	command := exec.Command(process.Command[0], process.Command[1:]...)
	command.Env = os.Environ()
	for name, value := range process.Environment {
		command.Env = append(command.Env, name+"="+value)
	}
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, err
	}
	// The child is not reaped before Wait, so its entry in /proc is there.
	startTime, _ := startTimeOf(command.Process.Pid)
	p := &running{record: record{command.Process.Pid, startTime, fingerprint(process)}, done: make(chan struct{})}
	go func() {
		_ = command.Wait()
		p.result = command.ProcessState.String()
		close(p.done)
	}()
	return p, nil
}

// adopt returns the recorded process if it is alive, watched through a pidfd.
func adopt(record record) *running {
	descriptor, err := unix.PidfdOpen(record.Pid, 0)
	if err != nil {
		return nil
	}
	// Checked after the pidfd is open: from here on it can't come to mean another process.
	if startTime, err := startTimeOf(record.Pid); err != nil || startTime != record.StartTime {
		unix.Close(descriptor)
		return nil
	}
	p := &running{record: record, done: make(chan struct{}), result: "exited (adopted, status unknown)"}
	go func() {
		defer close(p.done)
		defer unix.Close(descriptor)
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(descriptor), Events: unix.POLLIN}}, -1)
			if err != unix.EINTR {
				return
			}
		}
	}()
	return p
}

func (p *running) exit() string { return p.result }

// terminate returns once the process is gone. Only the process itself is signalled.
func (p *running) terminate(grace time.Duration) {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(grace):
		p.signal(syscall.SIGKILL)
		<-p.done
	}
}

func (p *running) signal(signal syscall.Signal) {
	select {
	case <-p.done:
		return
	default:
	}
	if startTime, err := startTimeOf(p.record.Pid); err == nil && startTime == p.record.StartTime {
		_ = syscall.Kill(p.record.Pid, signal)
	}
}

// startTimeOf returns field 22 of /proc/PID/stat; a zombie counts as gone.
func startTimeOf(pid int) (uint64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold spaces and parentheses itself.
	fields := strings.Fields(string(content[strings.LastIndexByte(string(content), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return 0, os.ErrProcessDone
	}
	return strconv.ParseUint(fields[19], 10, 64)
}
