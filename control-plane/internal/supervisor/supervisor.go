// Package supervisor runs processes in dependency order, restarts those that exit, and adopts those that a previous
// supervisor left running. It signals only processes it started itself, never their descendants.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Process is one thing to keep running.
type Process struct {
	Name    string
	Command []string
	// Environment is added to the supervisor's own.
	Environment map[string]string
	// After names the processes that must have been ready before this one starts.
	After []string
	// StopsLast: it is stopped after all others, also after those that it needs to begin.
	StopsLast bool
	// Precondition says whether the process can start now; asked until it is nil. Nil means always.
	Precondition func() error
	// Ready is the probe; nil means ready as soon as started.
	Ready func(context.Context) error
	// Alive asks the process for a sign of life. One that gives none for HungAfter (from its start, for StalledAfter), or
	// says for StalledAfter that it hangs (ErrStalled), is ended, and starts again. Nil means alive as long as it runs.
	Alive func(context.Context) error
	// OnReady runs once each time the process becomes ready; it must return when the context ends.
	OnReady func(context.Context)
}

// ErrStalled is for an Alive whose process answers, and says that a part of it hangs.
var ErrStalled = errors.New("a part of it hangs")

// Options are the limits and places of a supervisor; zero durations take the defaults.
type Options struct {
	RunDir, LogDir string
	BackOffFirst   time.Duration // 100 ms
	BackOffMost    time.Duration // 5 s
	HealthyAfter   time.Duration // 30 s of life reset the back-off
	HungAfter      time.Duration // 60 s without a sign of life, after the first
	StalledAfter   time.Duration // 5 min; longer than any call to a server that is away, and than a start
	DumpGrace      time.Duration // 2 s for what a hung process writes of its threads
	StopGrace      time.Duration // 10 s between SIGTERM and SIGKILL
	ProbeInterval  time.Duration // 50 ms until ready, 40 times that afterwards
	LogLimitBytes  int64         // 10 MiB
}

// Supervisor owns its processes from Run to its return.
type Supervisor struct {
	options Options
	order   []*worker
	workers map[string]*worker
	state   *stateFile
	stop    context.CancelFunc
}

// New checks names and dependencies.
func New(options Options, processes []Process) (*Supervisor, error) {
	setDefault(&options.BackOffFirst, 100*time.Millisecond)
	setDefault(&options.BackOffMost, 5*time.Second)
	setDefault(&options.HealthyAfter, 30*time.Second)
	setDefault(&options.HungAfter, 60*time.Second)
	setDefault(&options.StalledAfter, 5*time.Minute)
	setDefault(&options.DumpGrace, 2*time.Second)
	setDefault(&options.StopGrace, 10*time.Second)
	setDefault(&options.ProbeInterval, 50*time.Millisecond)
	if options.LogLimitBytes == 0 {
		options.LogLimitBytes = 10 << 20
	}
	supervisor := &Supervisor{options: options, workers: map[string]*worker{}}
	for _, process := range processes {
		if process.Name == "" || len(process.Command) == 0 {
			return nil, fmt.Errorf("process %q needs a name and a command", process.Name)
		}
		if supervisor.workers[process.Name] != nil {
			return nil, fmt.Errorf("process %s is there twice", process.Name)
		}
		w := newWorker(supervisor, process)
		// A process may only come after one listed before it, so there is no cycle.
		for _, dependency := range process.After {
			before := supervisor.workers[dependency]
			if before == nil {
				return nil, fmt.Errorf("process %s comes after %s, which is not listed before it", process.Name, dependency)
			}
			if !process.StopsLast {
				before.dependents = append(before.dependents, w)
			}
		}
		supervisor.workers[process.Name] = w
		supervisor.order = append(supervisor.order, w)
	}
	// Nobody waits for such a process, so there is no cycle.
	for _, last := range supervisor.order {
		for _, other := range supervisor.order {
			if last.StopsLast && !other.StopsLast && !slices.Contains(last.dependents, other) {
				last.dependents = append(last.dependents, other)
			}
		}
	}
	return supervisor, nil
}

func setDefault(value *time.Duration, other time.Duration) {
	if *value == 0 {
		*value = other
	}
}

// Run tells a service manager that waits for it (NOTIFY_SOCKET) when it answers on its socket, and when it stops.
// It holds the lock of the run folder until the context ends or somebody asks to stop; then every process is
// stopped, dependents first. It fails at once if another supervisor holds the lock.
func (s *Supervisor) Run(ctx context.Context) error {
	for _, folder := range []string{s.options.RunDir, s.options.LogDir} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	lock, err := os.OpenFile(filepath.Join(s.options.RunDir, "supervisor.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another supervisor runs in %s: %w", s.options.RunDir, err)
	}
	ctx, s.stop = context.WithCancel(ctx)
	defer s.stop()
	s.state = openState(filepath.Join(s.options.RunDir, "supervisor.state.json"))
	manager := takeServiceManager()
	s.dropUnknown()
	server, err := s.listen()
	if err != nil {
		return err
	}
	defer server.Close()
	manager.tell("READY=1")
	go s.rotateLogs(ctx)
	var group sync.WaitGroup
	for _, w := range s.order {
		group.Go(func() { w.run(ctx) })
	}
	context.AfterFunc(ctx, func() { manager.tell("STOPPING=1") })
	group.Wait()
	slog.Info("all processes stopped")
	return errors.Join(s.state.remove(), os.Remove(filepath.Join(s.options.RunDir, "supervisor.sock")))
}

// dropUnknown stops what a previous supervisor ran and the configuration no longer names.
func (s *Supervisor) dropUnknown() {
	for name, record := range s.state.all() {
		if s.workers[name] == nil {
			if p := adopt(record); p != nil {
				slog.Info("stopping a process that is no longer configured", "name", name, "pid", record.Pid)
				p.terminate(s.options.StopGrace)
			}
			s.state.forget(name)
		}
	}
}

// Restart stops the process; its worker starts it again.
func (s *Supervisor) Restart(name string) error {
	w := s.workers[name]
	if w == nil {
		return fmt.Errorf("no process is called %s", name)
	}
	select {
	case w.restart <- struct{}{}:
	default: // one request is waiting already
	}
	return nil
}
