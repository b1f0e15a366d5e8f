package boltstore

import (
	"fmt"
	"os"
	"time"

	"github.com/atlassian-connect-go/sdk/internal/durable"
)

const lockRetry = 10 * time.Millisecond

// lock takes the lock that bbolt will take again through the same open file,
// which succeeds at once, so that the file can be inspected under it. Where a
// file cannot be locked twice it does nothing, and bbolt locks the file right
// after the inspection.
func lock(f *os.File, timeout time.Duration) error {
	if !durable.CanLock {
		return nil
	}
	deadline := time.Now().Add(timeout)
	for {
		ok, err := durable.TryLock(f)
		if ok || err != nil {
			return err
		}
		if !time.Now().Before(deadline) {
			return fmt.Errorf("%w: it has been locked for %v", ErrLocked, max(timeout, 0))
		}
		time.Sleep(lockRetry)
	}
}
