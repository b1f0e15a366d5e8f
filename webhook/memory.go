package webhook

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// digest stands for one delivery of one tenant to one route, however long their
// names are. A repetition comes to the same route; whether two webhooks for the
// same event have identifiers of their own, Atlassian does not say.
type digest [16]byte

func (j *job) digest() digest {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", j.event.Caller.ClientKey, j.path, j.event.Identifier))
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
