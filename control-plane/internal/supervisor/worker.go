package supervisor

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"syscall"
	"time"
)

// worker is the one owner of a process; all its fields below mutex are shared with status.
type worker struct {
	Process
	supervisor *Supervisor
	dependents []*worker // stopped before this one
	restart    chan struct{}
	firstReady chan struct{} // closed when the process was ready for the first time
	stopped    chan struct{} // closed when the process is gone for good

	mutex    sync.Mutex
	status   Status
	wasReady bool
}

// Status is what GET /status tells of a process.
type Status struct {
	Name     string    `json:"name"`
	Pid      int       `json:"pid,omitempty"`
	State    string    `json:"state"` // waiting, running, backing-off, stopping, stopped
	Restarts int       `json:"restarts"`
	Since    time.Time `json:"since"`
	Ready    bool      `json:"ready"`
	Adopted  bool      `json:"adopted,omitempty"`
	Message  string    `json:"message,omitempty"`
	LastExit string    `json:"lastExit,omitempty"`
}

func newWorker(supervisor *Supervisor, process Process) *worker {
	return &worker{
		Process: process, supervisor: supervisor, restart: make(chan struct{}, 1),
		firstReady: make(chan struct{}), stopped: make(chan struct{}),
		status: Status{Name: process.Name, State: "waiting", Since: time.Now()},
	}
}

func (w *worker) update(change func(*Status)) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	before := w.status.State
	change(&w.status)
	if w.status.State != before {
		w.status.Since = time.Now()
	}
}

func (w *worker) snapshot() Status {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.status
}

func (w *worker) run(ctx context.Context) {
	defer close(w.stopped)
	options := w.supervisor.options
	backOff := options.BackOffFirst
	running := w.adopted()
	if running == nil && !w.waitForDependencies(ctx) {
		w.update(func(s *Status) { s.State = "stopped" })
		return
	}
	for {
		if running == nil {
			if !w.waitForPrecondition(ctx) {
				break
			}
			select { // a request made while nothing runs is satisfied by this start
			case <-w.restart:
			default:
			}
			var err error
			if running, err = w.start(); err != nil {
				slog.Error("cannot start", "name", w.Name, "error", err)
				w.update(func(s *Status) { s.State, s.LastExit = "backing-off", err.Error() })
			}
		}
		if running != nil {
			began := time.Now()
			asked, exit := w.tend(ctx, running)
			running = nil
			if ctx.Err() != nil {
				break
			}
			w.supervisor.state.forget(w.Name)
			w.update(func(s *Status) {
				s.State, s.Pid, s.Ready, s.Adopted, s.LastExit = "backing-off", 0, false, false, exit
				s.Restarts++
			})
			slog.Warn("process ended", "name", w.Name, "exit", exit, "backOff", backOff)
			if asked || time.Since(began) >= options.HealthyAfter {
				backOff = options.BackOffFirst
			}
			if asked {
				continue
			}
		}
		if !pause(ctx, backOff) {
			break
		}
		backOff = min(2*backOff, options.BackOffMost)
	}
	w.supervisor.state.forget(w.Name)
	w.update(func(s *Status) { s.State, s.Pid, s.Ready = "stopped", 0, false })
}

// adopted returns the process that a previous supervisor started, if it still runs with the same command; one that
// runs with another command is stopped.
func (w *worker) adopted() *running {
	record, known := w.supervisor.state.all()[w.Name]
	if !known {
		return nil
	}
	p := adopt(record)
	if p == nil {
		w.supervisor.state.forget(w.Name)
		return nil
	}
	if record.Command != fingerprint(w.Process) {
		slog.Info("stopping a process whose configuration changed", "name", w.Name, "pid", record.Pid)
		p.terminate(w.supervisor.options.StopGrace)
		w.supervisor.state.forget(w.Name)
		return nil
	}
	slog.Info("adopted", "name", w.Name, "pid", record.Pid)
	w.update(func(s *Status) { s.State, s.Pid, s.Adopted = "running", record.Pid, true })
	return p
}

func (w *worker) start() (*running, error) {
	p, err := launch(w.supervisor.options.LogDir, w.Process)
	if err != nil {
		return nil, err
	}
	w.supervisor.state.remember(w.Name, p.record)
	w.update(func(s *Status) { s.State, s.Pid, s.Message = "running", p.record.Pid, "" })
	slog.Info("started", "name", w.Name, "pid", p.record.Pid)
	return p, nil
}

// tend probes a running process and returns once it is gone: whether that was asked for, and how it ended.
func (w *worker) tend(ctx context.Context, p *running) (asked bool, exit string) {
	probing, cancel := context.WithCancel(ctx)
	hangs := make(chan error, 1)
	var group sync.WaitGroup
	group.Go(func() { w.probe(probing) })
	group.Go(func() { w.watchLife(probing, hangs) })
	defer group.Wait()
	defer cancel()
	select {
	case <-p.done:
		return false, p.exit()
	case <-w.restart:
		asked = true
	case err := <-hangs:
		exit = "hung: " + err.Error()
		slog.Error("hangs: it is ended", "name", w.Name, "pid", p.record.Pid, "error", err)
		// A JVM then writes what its threads do, a Go program too.
		p.signal(syscall.SIGQUIT)
		select {
		case <-p.done:
		case <-time.After(w.supervisor.options.DumpGrace):
		}
	case <-ctx.Done():
		for _, dependent := range w.dependents {
			<-dependent.stopped
		}
	}
	w.update(func(s *Status) { s.State = "stopping" })
	p.terminate(w.supervisor.options.StopGrace)
	return asked, cmp.Or(exit, p.exit())
}

// watchLife tells of a process that has given no sign of life, or has said that it hangs, for too long.
func (w *worker) watchLife(ctx context.Context, hangs chan<- error) {
	if w.Alive == nil {
		return
	}
	options := w.supervisor.options
	well, answered := time.Now(), time.Now()
	// One that has yet to begin may be slow, on a host that is busy: ended, it would have to begin anew.
	silence := options.StalledAfter
	if w.snapshot().Adopted {
		silence = options.HungAfter
	}
	for pause(ctx, 40*options.ProbeInterval) {
		err := ask(ctx, w.Alive)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			well = time.Now()
		}
		if err == nil || errors.Is(err, ErrStalled) {
			answered, silence = time.Now(), options.HungAfter
		}
		if time.Since(answered) >= silence || time.Since(well) >= options.StalledAfter {
			hangs <- err
			return
		}
	}
}

// ask gives a process five seconds to answer.
func ask(ctx context.Context, question func(context.Context) error) error {
	attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return question(attempt)
}

func (w *worker) probe(ctx context.Context) {
	interval := w.supervisor.options.ProbeInterval
	wasReady := false
	for {
		var err error
		if w.Ready != nil {
			err = ask(ctx, w.Ready)
		}
		if ctx.Err() != nil {
			return
		}
		w.update(func(s *Status) {
			s.Ready, s.Message = err == nil, ""
			if err != nil {
				s.Message = err.Error()
			}
		})
		wait := interval
		if err == nil {
			wait = 40 * interval
			if !wasReady {
				wasReady = true
				w.announceReady(ctx)
			}
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

func (w *worker) announceReady(ctx context.Context) {
	if !w.wasReady { // only ever touched by the one probe that runs
		w.wasReady = true
		slog.Info("ready", "name", w.Name)
		close(w.firstReady)
	}
	if w.OnReady != nil {
		w.OnReady(ctx)
	}
}

func (w *worker) waitForDependencies(ctx context.Context) bool {
	for _, name := range w.After {
		select {
		case <-w.supervisor.workers[name].firstReady:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (w *worker) waitForPrecondition(ctx context.Context) bool {
	for w.Precondition != nil {
		err := w.Precondition()
		if err == nil {
			break
		}
		w.update(func(s *Status) { s.State, s.Message = "waiting", err.Error() })
		if !pause(ctx, 200*time.Millisecond) {
			return false
		}
	}
	return ctx.Err() == nil
}

func pause(ctx context.Context, duration time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(duration):
		return true
	}
}
