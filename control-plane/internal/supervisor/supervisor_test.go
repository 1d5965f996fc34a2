package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain doubles as a supervisor in a process of its own, which tests can kill.
func TestMain(m *testing.M) {
	if folder := os.Getenv("SUPERVISOR_FOLDER"); folder != "" {
		s, err := New(testOptions(folder), []Process{{Name: "sleeper", Command: []string{"sleep", "1000"}}})
		if err == nil {
			err = s.Run(context.Background())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func testOptions(folder string) Options {
	return Options{RunDir: folder, LogDir: filepath.Join(folder, "logs"), BackOffFirst: 10 * time.Millisecond,
		BackOffMost: 40 * time.Millisecond, ProbeInterval: 5 * time.Millisecond, StopGrace: 300 * time.Millisecond}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 5 s: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func statusOf(folder, name string) Status {
	response, err := Client(folder).Get("http://supervisor/status")
	if err != nil {
		return Status{}
	}
	defer response.Body.Close()
	var body struct{ Processes []Status }
	_ = json.NewDecoder(response.Body).Decode(&body)
	for _, status := range body.Processes {
		if status.Name == name {
			return status
		}
	}
	return Status{}
}

func startTest(t *testing.T, folder string, processes ...Process) (stop func()) {
	t.Helper()
	return startWith(t, testOptions(folder), processes...)
}

func startWith(t *testing.T, options Options, processes ...Process) (stop func()) {
	t.Helper()
	s, err := New(options, processes)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan error, 1)
	go func() { finished <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-finished; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(stop)
	return stop
}

func TestRestartsWhatWasKilled(t *testing.T) {
	folder := t.TempDir()
	startTest(t, folder, Process{Name: "sleeper", Command: []string{"sleep", "1000"}})
	eventually(t, "running", func() bool { return statusOf(folder, "sleeper").Ready })
	first := statusOf(folder, "sleeper").Pid
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another pid", func() bool {
		now := statusOf(folder, "sleeper")
		return now.Pid != 0 && now.Pid != first && now.Restarts == 1 && strings.Contains(now.LastExit, "killed")
	})
}

func TestEndsWhatHangsAfterItHasToldOfItsThreads(t *testing.T) {
	folder := t.TempDir()
	alive := filepath.Join(folder, "alive")
	begun := false
	options := testOptions(folder)
	options.HungAfter, options.StalledAfter, options.DumpGrace = 300*time.Millisecond, time.Hour, time.Second
	startWith(t, options, Process{
		Name:    "stuck",
		Command: []string{"sh", "-c", "trap 'echo threads' QUIT; trap '' TERM; while :; do sleep 0.01; done"},
		Alive: func(context.Context) error {
			if !begun {
				begun = true
				return nil
			}
			if _, err := os.Stat(alive); err != nil {
				return fmt.Errorf("loop images hangs")
			}
			return nil
		},
	})
	eventually(t, "hung", func() bool {
		now := statusOf(folder, "stuck")
		return now.Restarts == 1 && now.LastExit == "hung: loop images hangs"
	})
	if content, _ := os.ReadFile(filepath.Join(folder, "logs", "stuck.log")); string(content) != "threads\n" {
		t.Errorf("the log holds %q", content)
	}
	if err := os.WriteFile(alive, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "runs again", func() bool { return statusOf(folder, "stuck").Pid != 0 })
	second := statusOf(folder, "stuck")
	time.Sleep(2 * options.HungAfter)
	if now := statusOf(folder, "stuck"); now.Pid != second.Pid {
		t.Errorf("one that lives was ended: %+v", now)
	}
}

func TestAStartMayTakeLongerThanASilence(t *testing.T) {
	folder := t.TempDir()
	options := testOptions(folder)
	options.HungAfter, options.StalledAfter = 200*time.Millisecond, 900*time.Millisecond
	began := time.Now()
	startWith(t, options, Process{
		Name: "slow", Command: []string{"sleep", "1000"},
		Alive: func(context.Context) error { return fmt.Errorf("connection refused") },
	})
	eventually(t, "ended", func() bool { return statusOf(folder, "slow").Restarts == 1 })
	if took := time.Since(began); took < options.StalledAfter {
		t.Errorf("ended after %s", took)
	}
}

func TestBelievesWhatSaysThatItHangsLater(t *testing.T) {
	folder := t.TempDir()
	options := testOptions(folder)
	options.HungAfter, options.StalledAfter = 200*time.Millisecond, 900*time.Millisecond
	began := time.Now()
	startWith(t, options, Process{
		Name: "stalled", Command: []string{"sleep", "1000"},
		Alive: func(context.Context) error { return fmt.Errorf("loop images: %w", ErrStalled) },
	})
	eventually(t, "ended", func() bool { return statusOf(folder, "stalled").Restarts == 1 })
	if took := time.Since(began); took < options.StalledAfter {
		t.Errorf("ended after %s", took)
	}
}

func TestBackOffGrowsToItsLimit(t *testing.T) {
	folder := t.TempDir()
	startTest(t, folder, Process{Name: "failing", Command: []string{"sh", "-c", "date +%s%N; exit 3"}})
	eventually(t, "six starts", func() bool { return statusOf(folder, "failing").Restarts >= 6 })
	content, err := os.ReadFile(filepath.Join(folder, "logs", "failing.log"))
	if err != nil {
		t.Fatal(err)
	}
	var times []int64
	for _, line := range strings.Fields(string(content)) {
		var at int64
		_, _ = fmt.Sscan(line, &at)
		times = append(times, at)
	}
	for i, least := range []time.Duration{10, 20, 40, 40, 40} {
		if gap := time.Duration(times[i+1] - times[i]); gap < least*time.Millisecond {
			t.Errorf("start %d came %s after the one before, want at least %d ms", i+1, gap, least)
		}
	}
}

func TestStopsDependentsFirst(t *testing.T) {
	folder := t.TempDir()
	script := func(name string) []string {
		return []string{"sh", "-c", "trap 'echo " + name + " >>" + folder + "/stops; exit 0' TERM; while :; do sleep 0.01; done"}
	}
	stop := startTest(t, folder,
		Process{Name: "base", Command: script("base")},
		Process{Name: "middle", Command: script("middle"), After: []string{"base"}},
		Process{Name: "top", Command: script("top"), After: []string{"middle"}})
	eventually(t, "all run", func() bool { return statusOf(folder, "top").Ready })
	// The shells need a moment to set their traps; without one SIGTERM would end them silently.
	time.Sleep(100 * time.Millisecond)
	stop()
	content, _ := os.ReadFile(filepath.Join(folder, "stops"))
	if got := strings.Join(strings.Fields(string(content)), " "); got != "top middle base" {
		t.Errorf("stopped in the order %q", got)
	}
}

func TestStopsWhatOthersAskAfterEvenWhatItNeedsToBegin(t *testing.T) {
	folder := t.TempDir()
	script := func(name, takes string) []string {
		return []string{"sh", "-c", "trap 'sleep " + takes + "; echo " + name + " >>" + folder + "/stops; exit 0' TERM; " +
			"touch " + folder + "/" + name + ".listens; while :; do sleep 0.01; done"}
	}
	stop := startTest(t, folder,
		Process{Name: "base", Command: script("base", "0.1")},
		Process{Name: "names", Command: script("names", "0"), After: []string{"base"}, StopsLast: true},
		Process{Name: "asks", Command: script("asks", "0"), After: []string{"base", "names"}})
	eventually(t, "all listen", func() bool {
		listening, _ := filepath.Glob(filepath.Join(folder, "*.listens"))
		return len(listening) == 3
	})
	stop()
	content, _ := os.ReadFile(filepath.Join(folder, "stops"))
	if got := strings.Join(strings.Fields(string(content)), " "); got != "asks base names" {
		t.Errorf("stopped in the order %q", got)
	}
}

func TestKillsWhatIgnoresSigtermButNotItsChildren(t *testing.T) {
	folder := t.TempDir()
	stop := startTest(t, folder, Process{Name: "stubborn", Command: []string{"sh", "-c",
		"trap '' TERM; sleep 1000 & echo $! >" + folder + "/child; while :; do sleep 0.01; done"}})
	var child int
	eventually(t, "child runs", func() bool {
		content, _ := os.ReadFile(filepath.Join(folder, "child"))
		_, err := fmt.Sscan(string(content), &child)
		return err == nil
	})
	stop()
	if err := syscall.Kill(child, 0); err != nil {
		t.Errorf("the grandchild did not survive: %v", err)
	}
	_ = syscall.Kill(child, syscall.SIGKILL)
}

func TestAdoptsAfterKillOfTheSupervisor(t *testing.T) {
	folder := t.TempDir()
	launchSupervisor := func() *exec.Cmd {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), "SUPERVISOR_FOLDER="+folder)
		command.Stderr = os.Stderr
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		return command
	}
	first := launchSupervisor()
	eventually(t, "running", func() bool { return statusOf(folder, "sleeper").Ready })
	pid := statusOf(folder, "sleeper").Pid
	_ = first.Process.Kill()
	_ = first.Wait()

	stop := startTest(t, folder, Process{Name: "sleeper", Command: []string{"sleep", "1000"}})
	eventually(t, "adopted", func() bool { now := statusOf(folder, "sleeper"); return now.Pid == pid && now.Adopted })
	_ = syscall.Kill(pid, syscall.SIGKILL)
	eventually(t, "restarted", func() bool { now := statusOf(folder, "sleeper"); return now.Pid != 0 && now.Pid != pid })
	last := statusOf(folder, "sleeper").Pid
	stop()
	if _, err := startTimeOf(last); err == nil {
		t.Error("the process outlived the stop")
	}
}

func TestReplacesAnAdoptedProcessWhoseCommandChanged(t *testing.T) {
	folder := t.TempDir()
	old, err := launch(folder, Process{Name: "sleeper", Command: []string{"sleep", "1000"}})
	if err != nil {
		t.Fatal(err)
	}
	openState(filepath.Join(folder, "supervisor.state.json")).remember("sleeper", old.record)
	startTest(t, folder, Process{Name: "sleeper", Command: []string{"sleep", "2000"}})
	eventually(t, "new process", func() bool { now := statusOf(folder, "sleeper"); return now.Ready && now.Pid != old.record.Pid })
	<-old.done
}

func TestRefusesASecondSupervisor(t *testing.T) {
	folder := t.TempDir()
	startTest(t, folder, Process{Name: "sleeper", Command: []string{"sleep", "1000"}})
	eventually(t, "running", func() bool { return statusOf(folder, "sleeper").Ready })
	second, err := New(testOptions(folder), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Run(context.Background()); err == nil {
		t.Error("two supervisors in one folder")
	}
}
