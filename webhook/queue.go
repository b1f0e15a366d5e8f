// Package webhook takes in the events of the host: each is verified,
// acknowledged at once and handled later, by a bounded number of workers.
//
// Jira repeats a delivery that was not acknowledged, so an event may come twice
// and in any order; a [Queue] drops the repetitions it still remembers. Once
// acknowledged an event lives in memory only, and is lost if the process dies
// before it was handled. An app that must not miss a change looks through the
// host's data from time to time as well.
package webhook

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/internal/redact"
)

// Func handles one event. Its error is logged; the host has its answer
// already and is not told. ctx holds the caller for auth.CallerFrom and ends
// at the queue's time limit, or when the queue is drained and out of patience.
type Func func(ctx context.Context, e *Event) error

// Config says how a Queue works. The zero Config is ready for use.
type Config struct {
	// Workers is how many events are handled at the same time; 0 is 8.
	Workers int
	// Length is how many events may wait; 0 is 1000.
	Length int
	// Bytes is how much memory the bodies of the waiting events may take;
	// 0 is 64 MiB.
	Bytes int64
	// MaxBody is the largest body of one event, in bytes; 0 is 4 MiB.
	MaxBody int64
	// Timeout is how long one event may be handled; 0 is one minute.
	Timeout time.Duration
	// Remember is for how long a repetition is known; 0 is 2 hours, which
	// outlasts Jira's five repetitions at up to 15 minutes from each other.
	Remember time.Duration
	// RememberCount is how many events are remembered at the most; 0 is
	// 100,000.
	RememberCount int
	// RetryAfter is what the host is told to wait when the queue is full;
	// 0 is 30 seconds.
	RetryAfter time.Duration
	// Clock tells the time; nil is time.Now.
	Clock func() time.Time
	// Logger receives what went wrong; nil discards it.
	Logger *slog.Logger
}

// Queue holds events between their acknowledgement and their handling. Use
// NewQueue to make one. It is safe for concurrent use.
type Queue struct {
	cfg  Config
	log  *slog.Logger
	stop context.CancelFunc
	base context.Context

	mu      sync.Mutex
	waiting []*job // first in, first out
	bytes   int64
	workers int
	closed  bool
	idle    chan struct{} // closed when there is no worker; nil until Drain
	seen    memory
}

type job struct {
	event  *Event
	handle Func
}

// errFull says that an event was not taken.
type errFull struct {
	reason string
	after  time.Duration
}

func (e errFull) Error() string             { return "webhook: " + e.reason }
func (e errFull) HTTPStatus() int           { return http.StatusServiceUnavailable }
func (e errFull) RetryAfter() time.Duration { return e.after }

// NewQueue returns a Queue. It starts workers as events come and none before.
func NewQueue(cfg Config) (*Queue, error) {
	if cfg.Workers < 0 || cfg.Length < 0 || cfg.Bytes < 0 || cfg.MaxBody < 0 || cfg.RememberCount < 0 {
		return nil, errors.New("webhook: a limit is negative")
	}
	setDefault(&cfg.Workers, 8)
	setDefault(&cfg.Length, 1000)
	setDefault(&cfg.Bytes, 64<<20)
	setDefault(&cfg.MaxBody, 4<<20)
	setDefault(&cfg.Timeout, time.Minute)
	setDefault(&cfg.Remember, 2*time.Hour)
	setDefault(&cfg.RememberCount, 100_000)
	setDefault(&cfg.RetryAfter, 30*time.Second)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	q := &Queue{cfg: cfg, log: cfg.Logger}
	if q.log == nil {
		q.log = slog.New(slog.DiscardHandler)
	}
	q.seen = memory{keep: cfg.Remember, most: cfg.RememberCount, at: make(map[digest]time.Time)}
	q.base, q.stop = context.WithCancel(context.Background())
	return q, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// add takes the event in, unless it came before or there is no room. It
// reports whether the event is new.
func (q *Queue) add(e *Event, handle Func) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return false, errFull{"the app is stopping", q.cfg.RetryAfter}
	case e.Identifier != "" && q.seen.has(e.digest(), q.cfg.Clock()):
		return false, nil
	case len(q.waiting) >= q.cfg.Length:
		return false, errFull{fmt.Sprintf("%d events are waiting", len(q.waiting)), q.cfg.RetryAfter}
	case q.bytes+int64(len(e.Body)) > q.cfg.Bytes:
		return false, errFull{fmt.Sprintf("the waiting events hold %d bytes", q.bytes), q.cfg.RetryAfter}
	}
	if e.Identifier != "" {
		q.seen.add(e.digest(), q.cfg.Clock())
	}
	q.waiting = append(q.waiting, &job{e, handle})
	q.bytes += int64(len(e.Body))
	if q.workers < q.cfg.Workers {
		q.workers++
		go q.work()
	}
	return true, nil
}

// work handles events until none waits.
func (q *Queue) work() {
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			q.workers--
			if q.workers == 0 && q.idle != nil {
				close(q.idle)
				q.idle = nil
			}
			q.mu.Unlock()
			return
		}
		j := q.waiting[0]
		q.waiting[0] = nil
		q.waiting = q.waiting[1:]
		q.bytes -= int64(len(j.event.Body))
		q.mu.Unlock()
		q.run(j)
	}
}

func (q *Queue) run(j *job) {
	ctx, cancel := context.WithTimeout(auth.WithCaller(q.base, j.event.Caller), q.cfg.Timeout)
	defer cancel()
	if err := protect(ctx, j); err != nil {
		q.log.LogAttrs(ctx, slog.LevelError, "webhook failed",
			slog.String("event", j.event.Name), slog.String("client_key", j.event.Caller.ClientKey),
			slog.String("identifier", j.event.Identifier), slog.String("error", redact.Text(err.Error())))
	}
}

func protect(ctx context.Context, j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the handler panicked: %v", p)
		}
	}()
	return j.handle(ctx, j.event)
}

// Drain takes no more events and waits until those that were acknowledged are
// handled. When ctx ends first the handlers' contexts are cancelled and Drain
// returns the context's error with the number of events that were not handled.
// A drained Queue stays closed.
func (q *Queue) Drain(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	if q.workers == 0 {
		q.mu.Unlock()
		return nil
	}
	if q.idle == nil {
		q.idle = make(chan struct{})
	}
	idle := q.idle
	q.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		q.stop()
		q.mu.Lock()
		defer q.mu.Unlock()
		lost := len(q.waiting) + q.workers
		q.waiting, q.bytes = nil, 0
		return fmt.Errorf("webhook: %d acknowledged events were not handled: %w", lost, ctx.Err())
	}
}

type digest [16]byte

func (e *Event) digest() digest {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(e.Caller.ClientKey), e.Caller.ClientKey, e.Identifier))
	return digest(sum[:16])
}

// memory is what was seen lately.
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

func (m *memory) add(d digest, now time.Time) {
	for len(m.order) > 0 && (len(m.order) >= m.most || now.Sub(m.at[m.order[0]]) >= m.keep) {
		delete(m.at, m.order[0])
		m.order = m.order[1:]
	}
	m.at[d] = now
	m.order = append(m.order, d)
}
