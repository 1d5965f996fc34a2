package encryption

import (
	"cmp"
	"errors"
	"os"
	"slices"

	apiserver "k8s.io/apiserver/pkg/apis/apiserver/v1"
)

// Unchanged does something while nobody makes or drops a key.
func Unchanged(file string, something func() error) error {
	return locked(file, something)
}

// Merge puts the keys of another file, if it is there, behind those of this one, as their age says: what either has
// encrypted can be read. Of two keys of the same name this one's stays.
func Merge(file, other string) error {
	return locked(file, func() error {
		own, err := read(file)
		if err != nil {
			return err
		}
		more, err := read(other)
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		all := slices.Clone(own)
		for _, key := range more {
			if !slices.Contains(names(own), key.Name) {
				all = append(all, key)
			}
		}
		if len(all) == len(own) {
			return nil
		}
		slices.SortStableFunc(all, func(a, b apiserver.Key) int { return cmp.Compare(b.Name, a.Name) })
		return write(file, all)
	})
}
