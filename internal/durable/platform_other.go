//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package durable

import (
	"errors"
	"fmt"
	"os"
)

// CanLock says whether TryLock works here.
const CanLock = false

// TryLock fails with errors.ErrUnsupported here.
func TryLock(*os.File) (bool, error) { return false, fmt.Errorf("lock: %w", errors.ErrUnsupported) }

// Unlock does nothing: here closing a file frees its lock.
func Unlock(*os.File) error { return nil }

// syncDir does nothing: here a folder cannot be brought to the disk by itself.
func syncDir(string) error { return nil }
