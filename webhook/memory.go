package webhook

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// digest stands for one delivery of one tenant, however long their names are.
type digest [16]byte

func (e *Event) digest() digest {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(e.Caller.ClientKey), e.Caller.ClientKey, e.Identifier))
	return digest(sum[:16])
}

// memory is what was seen lately, within a time and a count. It is not safe
// for concurrent use.
type memory struct {
	keep  time.Duration
	most  int
	at    map[digest]time.Time
	order []digest // oldest first
}

func (m *memory) has(d digest, now time.Time) bool {
	at, ok := m.at[d]
	return ok && now.Sub(at) < m.keep
}

// add remembers d, which has does not know, and forgets what is too old or too
// much.
func (m *memory) add(d digest, now time.Time) {
	for len(m.order) > 0 && (len(m.order) >= m.most || now.Sub(m.at[m.order[0]]) >= m.keep) {
		delete(m.at, m.order[0])
		m.order = m.order[1:]
	}
	m.at[d] = now
	m.order = append(m.order, d)
}
