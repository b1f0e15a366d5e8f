package handshake

import (
	"container/heap"
	"crypto/sha256"
	"sync"
	"time"
)

// memory remembers what was finished until it would be too old anyway.
type memory struct {
	max int

	mu    sync.Mutex
	known map[[sha256.Size]byte]bool
	ends  byEnd
	// floor is the latest end of what was forgotten early, to make room.
	// Nothing that ends by then can be told from it any more.
	floor time.Time
}

type finished struct {
	id   [sha256.Size]byte
	ends time.Time
}

// add remembers id until it ends, and refuses what it knows.
func (m *memory) add(id [sha256.Size]byte, ends, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[[sha256.Size]byte]bool{}
	}
	for len(m.ends) > 0 && !now.Before(m.ends[0].ends) {
		m.forgetFirst()
	}
	switch {
	case m.known[id]:
		return ErrUsed
	case !ends.After(m.floor):
		return ErrExpired
	}
	m.known[id] = true
	heap.Push(&m.ends, finished{id, ends})
	if len(m.ends) > m.max {
		m.floor = m.forgetFirst()
	}
	return nil
}

// forgetFirst drops the one that ends first, and returns when that is.
func (m *memory) forgetFirst() time.Time {
	first := heap.Pop(&m.ends).(finished)
	delete(m.known, first.id)
	return first.ends
}

// byEnd is a heap with what ends first on top.
type byEnd []finished

func (b byEnd) Len() int           { return len(b) }
func (b byEnd) Less(i, j int) bool { return b[i].ends.Before(b[j].ends) }
func (b byEnd) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *byEnd) Push(x any)        { *b = append(*b, x.(finished)) }
func (b *byEnd) Pop() any {
	last := (*b)[len(*b)-1]
	*b = (*b)[:len(*b)-1]
	return last
}
