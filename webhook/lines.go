package webhook

import "fmt"

// lines holds the events that wait: one line for each tenant that has any, and
// the tenants take turns. Of the room that the others leave, a tenant may take
// half, so however much one tenant sends there is room for the next one; only a
// tenant with nothing waiting may take the last place. It is not safe for
// concurrent use.
type lines struct {
	maxCount int
	maxSize  int64

	count int
	size  int64 // of the bodies, in bytes
	of    map[string]*line
	turns []*line // each line once; the next one first
}

type line struct {
	tenant string
	jobs   []*job // first in, first out; never empty between calls
	size   int64
}

type job struct {
	event  *Event
	path   string // of the route it came to
	handle Func
}

func (j *job) size() int64 { return int64(len(j.event.Body)) }

// push puts j at the end of its tenant's line, or says why it has no room.
func (l *lines) push(j *job) error {
	tenant := j.event.Caller.ClientKey
	own := l.of[tenant]
	if err := l.room(own, j.size()); err != nil {
		return err
	}
	if own == nil {
		own = &line{tenant: tenant}
		l.of[tenant] = own
		l.turns = append(l.turns, own)
	}
	own.jobs = append(own.jobs, j)
	own.size += j.size()
	l.count++
	l.size += j.size()
	return nil
}

// room reports why the tenant whose line is own, nil for none, cannot have one
// more event of that size; nil if it can.
func (l *lines) room(own *line, size int64) error {
	freeCount, freeSize := l.maxCount-l.count-1, l.maxSize-l.size-size // with the event in
	if freeCount < 0 || freeSize < 0 {
		return fmt.Errorf("%d events with %d bytes are waiting", l.count, l.size)
	}
	if own != nil && (len(own.jobs)+1 > freeCount || own.size+size > freeSize) {
		return fmt.Errorf("%d events with %d bytes of this tenant are waiting, which is its share", len(own.jobs), own.size)
	}
	return nil
}

// pop takes out the first event of the tenant whose turn it is; nil when none
// waits.
func (l *lines) pop() *job {
	if l.count == 0 {
		return nil
	}
	own := l.turns[0]
	l.turns[0] = nil
	l.turns = l.turns[1:]
	j := own.jobs[0]
	own.jobs[0] = nil
	own.jobs = own.jobs[1:]
	own.size -= j.size()
	l.count--
	l.size -= j.size()
	if len(own.jobs) == 0 {
		delete(l.of, own.tenant)
	} else {
		l.turns = append(l.turns, own)
	}
	return j
}

// drop forgets all that waits and returns how many events that was.
func (l *lines) drop() int {
	dropped := l.count
	l.count, l.size, l.turns = 0, 0, nil
	clear(l.of)
	return dropped
}
