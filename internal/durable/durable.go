// Package durable makes and replaces files so that a power cut at any moment
// leaves a whole one, the former or the new, and locks them between processes.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Files are the file operations whose order decides what a power cut leaves
// behind.
type Files interface {
	// CreateTemp makes a new empty file of mode 0600 in dir.
	CreateTemp(dir, pattern string) (string, error)
	// SyncFile brings the content of a file to the disk.
	SyncFile(name string) error
	// Link gives a file another name, and fails if that is taken.
	Link(name, newName string) error
	// Rename gives a file another name in place of its own, and takes the
	// other name away from the file that has it.
	Rename(name, newName string) error
	Remove(name string) error
	// SyncDir brings the names in a folder to the disk.
	SyncDir(dir string) error
}

// Create makes a complete file under a temporary name, where fill gives an
// empty file its content, and then gives it its own, unless another process
// was first. Only a link does so without ever replacing a file.
func Create(f Files, path string, fill func(temp string) error) (err error) {
	temp, err := filled(f, path, fill)
	if err != nil {
		return err
	}
	defer func() {
		if removeErr := f.Remove(temp); err == nil {
			err = removeErr
		}
	}()
	if err := f.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.SyncDir(filepath.Dir(path))
}

// Replace puts a file of mode 0600 that fill gives its content in the place of
// the one at path. If it fails before replaced is true, the file there is
// still the former one; after that the new one is there, but may not be on the
// disk.
func Replace(f Files, path string, fill func(temp string) error) (replaced bool, err error) {
	temp, err := filled(f, path, fill)
	if err != nil {
		return false, err
	}
	if err := f.Rename(temp, path); err != nil {
		return false, errors.Join(err, f.Remove(temp))
	}
	return true, f.SyncDir(filepath.Dir(path))
}

// filled returns the name of a temporary file beside path whose content is on
// the disk.
func filled(f Files, path string, fill func(temp string) error) (string, error) {
	temp, err := f.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-*")
	if err != nil {
		return "", err
	}
	if err = fill(temp); err == nil {
		err = f.SyncFile(temp)
	}
	if err != nil {
		return "", errors.Join(err, f.Remove(temp))
	}
	return temp, nil
}

// OS are the files of the operating system.
type OS struct{}

// CreateTemp implements Files.
func (OS) CreateTemp(dir, pattern string) (string, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// SyncFile implements Files.
func (OS) SyncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Link implements Files.
func (OS) Link(name, newName string) error { return os.Link(name, newName) }

// Rename implements Files.
func (OS) Rename(name, newName string) error { return os.Rename(name, newName) }

// Remove implements Files.
func (OS) Remove(name string) error { return os.Remove(name) }

// SyncDir implements Files.
func (OS) SyncDir(dir string) error { return syncDir(dir) }
