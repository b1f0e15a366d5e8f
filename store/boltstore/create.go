package boltstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// files are the file operations of a creation whose order decides what a power
// cut leaves behind.
type files interface {
	// createTemp makes a new empty file of mode 0600 in dir.
	createTemp(dir, pattern string) (string, error)
	// syncFile brings the content of a file to the disk.
	syncFile(name string) error
	// link gives a file another name, and fails if that is taken.
	link(name, newName string) error
	remove(name string) error
	// syncDir brings the names in a folder to the disk.
	syncDir(dir string) error
}

// create makes a complete file under a temporary name and then gives it its
// own, unless another process was first. Only a link does so without ever
// replacing a file.
func create(f files, path string, r *ring) (err error) {
	dir := filepath.Dir(path)
	temp, err := f.createTemp(dir, "."+filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if removeErr := f.remove(temp); err == nil {
			err = removeErr
		}
	}()
	if err := build(temp, r); err != nil {
		return err
	}
	if err := f.syncFile(temp); err != nil {
		return err
	}
	if err := f.link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.syncDir(dir)
}

// build turns an empty file into one without installations.
func build(path string, r *ring) (err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := db.Close(); err == nil {
			err = closeErr
		}
	}()
	return db.Update(func(tx *bolt.Tx) error {
		for _, name := range []string{metaBucket, recordsBucket, sitesBucket} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return fmt.Errorf("bucket %q: %w", name, err)
			}
		}
		return r.putMeta(tx, totals{})
	})
}

// osFiles are the files of the operating system.
type osFiles struct{}

func (osFiles) createTemp(dir, pattern string) (string, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

func (osFiles) syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (osFiles) link(name, newName string) error { return os.Link(name, newName) }

func (osFiles) remove(name string) error { return os.Remove(name) }

func (osFiles) syncDir(dir string) error { return syncDir(dir) }
