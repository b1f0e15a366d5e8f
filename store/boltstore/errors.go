package boltstore

import (
	"errors"

	"github.com/atlassian-connect-go/sdk/internal/seal"
)

var (
	// ErrDamaged says that the file, or a part of it that was asked for, is
	// not what this package wrote: it is empty, cut off, changed, or not a
	// file of this package at all. Restore it from a backup.
	ErrDamaged = seal.ErrDamaged
	// ErrLocked says that another process, or another Store of this one, has
	// the file open.
	ErrLocked = errors.New("the file is in use")
	// ErrKey says that the file was sealed in another way than it is being
	// opened: under a key that was not given, or not at all.
	ErrKey = seal.ErrKey
)
