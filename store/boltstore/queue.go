package boltstore

import (
	"runtime"
	"sync"
)

// maxGroup bounds how many changes share one transaction.
const maxGroup = 1024

// queue holds the changes that wait for the writer: a goroutine that lives as
// long as there are any. Whatever arrives while it writes goes into its next
// transaction, so a lone change waits for nobody and many share one write to
// the disk.
type queue struct {
	mu      sync.Mutex
	waiting []*change
	writing bool
	ended   bool
	done    chan struct{} // closed when the writer ends after close
}

// add queues c and reports whether a writer must be started for it. ok is
// false after close.
func (q *queue) add(c *change) (start, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return false, false
	}
	q.waiting = append(q.waiting, c)
	start = !q.writing
	q.writing = true
	return start, true
}

// withdraw takes c out, and reports false if the writer has it already.
func (q *queue) withdraw(c *change) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, w := range q.waiting {
		if w == c {
			q.waiting = append(q.waiting[:i:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// take returns the changes of the next transaction, and none when the writer
// must end.
func (q *queue) take() []*change {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), maxGroup)
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	if n == 0 {
		q.writing = false
		q.waiting = nil
		if q.done != nil {
			close(q.done)
			q.done = nil
		}
	}
	return group
}

// settle gives way to other goroutines for as long as changes keep arriving:
// callers whose change was just written often have another one, which would
// miss the next transaction by a hair.
func (q *queue) settle() {
	for before := -1; before < maxGroup; {
		runtime.Gosched()
		q.mu.Lock()
		now := len(q.waiting)
		q.mu.Unlock()
		if now <= before {
			return
		}
		before = now
	}
}

// close refuses further changes, and reports false if it was closed before.
func (q *queue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := !q.ended
	q.ended = true
	return first
}

// idle returns a channel that is closed when no writer runs. It is called
// once, after close.
func (q *queue) idle() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	done := make(chan struct{})
	if q.writing {
		q.done = done
	} else {
		close(done)
	}
	return done
}
