package supervisor

import (
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"sync"
)

// stateFile remembers which processes run, for the next supervisor. Written whole, by rename, at each change.
type stateFile struct {
	path    string
	mutex   sync.Mutex
	records map[string]record
}

func openState(path string) *stateFile {
	state := &stateFile{path: path, records: map[string]record{}}
	if content, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(content, &state.records); err != nil {
			slog.Error("state file is not readable; running processes can't be adopted", "path", path, "error", err)
			state.records = map[string]record{}
		}
	}
	return state
}

func (s *stateFile) all() map[string]record {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return maps.Clone(s.records)
}

func (s *stateFile) remember(name string, record record) {
	s.change(func() { s.records[name] = record })
}

func (s *stateFile) forget(name string) {
	s.change(func() { delete(s.records, name) })
}

func (s *stateFile) change(change func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	change()
	content, err := json.Marshal(s.records)
	if err == nil {
		if err = os.WriteFile(s.path+".new", content, 0o600); err == nil {
			err = os.Rename(s.path+".new", s.path)
		}
	}
	if err != nil {
		slog.Error("state not written", "path", s.path, "error", err)
	}
}

func (s *stateFile) remove() error { return os.Remove(s.path) }
