package supervisor

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// rotateLogs keeps one older file beside each log of the folder: those of the processes here, and those of what they
// start themselves, such as HAProxy's.
func (s *Supervisor) rotateLogs(ctx context.Context) {
	for pause(ctx, 10*time.Second) {
		logs, err := filepath.Glob(filepath.Join(s.options.LogDir, "*.log"))
		if err != nil {
			slog.Error("cannot list the logs", "folder", s.options.LogDir, "error", err)
		}
		for _, path := range logs {
			if information, err := os.Stat(path); err != nil || information.Size() < s.options.LogLimitBytes {
				continue
			}
			if err := rotate(path); err != nil {
				slog.Error("cannot rotate the log", "path", path, "error", err)
			}
		}
	}
}

// rotate moves what a log holds to PATH.1, while its writer holds it open with O_APPEND. No byte is lost: the file's
// head is copied and then cut off in one step of the kernel, and what is written meanwhile stands behind it. The cut
// is at a block, so the last line of PATH.1 may go on in PATH.
func rotate(path string) error {
	source, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer source.Close()
	information, err := source.Stat()
	if err != nil {
		return err
	}
	var system unix.Statfs_t
	if err := unix.Fstatfs(int(source.Fd()), &system); err != nil {
		return err
	}
	// The kernel refuses to cut off all of a file.
	head := (information.Size() - 1) / system.Bsize * system.Bsize
	if head <= 0 {
		return nil
	}
	if err := copyHead(source, path+".1", head); err != nil {
		return err
	}
	err = unix.Fallocate(int(source.Fd()), unix.FALLOC_FL_COLLAPSE_RANGE, 0, head)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return truncate(source, path+".1", head)
	}
	return err
}

// copyHead replaces the older file only when the copy is whole and on the disk.
func copyHead(source *os.File, target string, length int64) error {
	fresh := target + ".new"
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, io.NewSectionReader(source, 0, length))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return os.Rename(fresh, target)
}

// truncate is for file systems that cannot cut off a head (tmpfs, btrfs): it copies what was written since, again and
// again, and empties the log when nothing has come. Only what is written between the last look and that is lost.
func truncate(source *os.File, target string, copied int64) error {
	file, err := os.OpenFile(target, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	for {
		count, err := io.Copy(file, io.NewSectionReader(source, copied, 1<<40))
		if err != nil {
			return err
		}
		if count == 0 {
			return source.Truncate(0)
		}
		copied += count
	}
}
