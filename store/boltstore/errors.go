package boltstore

import "errors"

var (
	// ErrDamaged says that the file, or a part of it that was asked for, is
	// not what this package wrote: it is empty, cut off, changed, or not a
	// file of this package at all. Restore it from a backup.
	ErrDamaged = errors.New("the file is damaged")
	// ErrLocked says that another process, or another Store of this one, has
	// the file open.
	ErrLocked = errors.New("the file is in use")
	// ErrKey says that the file was sealed in another way than it is being
	// opened: under a key that was not given, or not at all.
	ErrKey = errors.New("the keys do not fit the file")
)
