package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestRotationLosesNoLineOfAWriterThatGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.log")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := cuts(log); errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("this file system cannot cut off the head of a file")
	}
	written := make(chan int, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		number := 0
		for ; ctx.Err() == nil; number++ {
			if _, err := fmt.Fprintf(log, "line %d of many\n", number); err != nil {
				t.Error(err)
			}
		}
		written <- number
	}()
	var wanted, kept bytes.Buffer
	for range 20 {
		eventually(t, "the log grows", func() bool {
			information, err := os.Stat(path)
			return err == nil && information.Size() > 1<<14
		})
		if err := rotate(path); err != nil {
			t.Fatal(err)
		}
		older, err := os.ReadFile(path + ".1")
		if err != nil {
			t.Fatal(err)
		}
		kept.Write(older)
	}
	cancel()
	for number := range <-written {
		fmt.Fprintf(&wanted, "line %d of many\n", number)
	}

	rest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kept.Write(rest)

	if !bytes.Equal(kept.Bytes(), wanted.Bytes()) {
		t.Fatalf("%d bytes were written, %d are kept", wanted.Len(), kept.Len())
	}
}

func TestRotationKeepsTheOlderFileWhenTheLogIsSmall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.log")
	if err := os.WriteFile(path, []byte("short\n"), 0o640); err != nil {
		t.Fatal(err)
	}

	if err := rotate(path); err != nil {
		t.Fatal(err)
	}

	if content, _ := os.ReadFile(path); string(content) != "short\n" {
		t.Fatalf("the log holds %q", content)
	}
}

// cuts tells whether the file system can do it, with a file of its own.
func cuts(log *os.File) error {
	probe, err := os.Create(log.Name() + ".probe")
	if err != nil {
		return err
	}
	defer os.Remove(probe.Name())
	defer probe.Close()
	if _, err := probe.Write(make([]byte, 1<<16)); err != nil {
		return err
	}
	return unix.Fallocate(int(probe.Fd()), unix.FALLOC_FL_COLLAPSE_RANGE, 0, 1<<15)
}
