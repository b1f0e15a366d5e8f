package boltstore

import "io"

// LimitSize makes bbolt behave as on a disk that is full at that size.
func (s *Store) LimitSize(bytes int) { s.db.MaxSize = bytes }

// Inspect inspects a file without opening it.
func Inspect(f io.ReaderAt, size int64, o Options) error {
	r, err := newRing(o)
	if err != nil {
		return err
	}
	_, err = inspect(f, size, r, false)
	return err
}
