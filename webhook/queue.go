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
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/internal/redact"
)

// Func handles one event. Its error, or the value it panics with, is logged
// without tokens; the host has its answer already and is not told. ctx holds
// the caller for auth.CallerFrom. It ends at the queue's time limit, or when
// the queue is drained and out of patience, and Func must then return: nothing
// else ends it, and until it returns it holds a worker. Func is called from
// several goroutines at the same time.
type Func func(ctx context.Context, e *Event) error

// Config says how a Queue works. The zero Config is ready for use.
type Config struct {
	// Workers is how many events are handled at the same time; 0 is 8.
	Workers int
	// Length is how many events may wait; 0 is 1000. One tenant may take half
	// of the room that the others leave, but always the place of one event if
	// there is any.
	Length int
	// Bytes is how many bytes the bodies of the waiting events may have,
	// shared among the tenants as Length is; 0 is 64 MiB.
	Bytes int64
	// MaxBody is the largest body of one event, in bytes; 0 is 4 MiB, or
	// Bytes if that is less. It must not be more than Bytes.
	MaxBody int64
	// Timeout is how long one event may be handled; 0 is one minute.
	Timeout time.Duration
	// Remember is for how long a repetition is known; 0 is 2 hours, which
	// outlasts Jira's five repetitions at up to 15 minutes from each other
	// (Atlassian's Jira webhook documentation).
	Remember time.Duration
	// RememberCount is how many events are remembered at the most, those of
	// all tenants together; 0 is 100,000, which takes about 10 MiB. The
	// oldest is forgotten first.
	RememberCount int
	// RetryAfter is what the host is told to wait when there is no room or
	// the app is stopping; 0 is 30 seconds.
	RetryAfter time.Duration
	// Clock tells when events come in, for Remember and Event.ReceivedAt; nil
	// is time.Now.
	Clock func() time.Time
	// Logger receives what went wrong and which events were repetitions; nil
	// discards it.
	Logger *slog.Logger
}

// settled returns the config with its defaults filled in, or what is wrong
// with it.
func (cfg Config) settled() (Config, error) {
	for _, field := range []struct {
		name  string
		value int64
	}{
		{"Workers", int64(cfg.Workers)}, {"Length", int64(cfg.Length)}, {"Bytes", cfg.Bytes}, {"MaxBody", cfg.MaxBody},
		{"Timeout", int64(cfg.Timeout)}, {"Remember", int64(cfg.Remember)}, {"RememberCount", int64(cfg.RememberCount)},
		{"RetryAfter", int64(cfg.RetryAfter)},
	} {
		if field.value < 0 {
			return cfg, fmt.Errorf("webhook: %s is negative", field.name)
		}
	}
	setDefault(&cfg.Workers, 8)
	setDefault(&cfg.Length, 1000)
	setDefault(&cfg.Bytes, 64<<20)
	setDefault(&cfg.MaxBody, min(4<<20, cfg.Bytes))
	setDefault(&cfg.Timeout, time.Minute)
	setDefault(&cfg.Remember, 2*time.Hour)
	setDefault(&cfg.RememberCount, 100_000)
	setDefault(&cfg.RetryAfter, 30*time.Second)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxBody > cfg.Bytes {
		return cfg, errors.New("webhook: MaxBody is more than Bytes: the largest event would never find room")
	}
	return cfg, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Queue holds events between their acknowledgement and their handling. Use
// NewQueue to make one. It is safe for concurrent use.
//
// The events of one tenant are begun in the order in which they came, and the
// tenants that have events waiting take turns. So before the first event of a
// tenant comes at most one more of each other tenant, however many they have
// waiting.
type Queue struct {
	cfg  Config
	log  *slog.Logger
	base context.Context // of all handlers
	stop context.CancelFunc
	idle chan struct{} // closed when the queue is closed and nothing runs

	mu      sync.Mutex
	closed  bool
	running int             // while less than cfg.Workers nothing waits
	settled []chan struct{} // closed when nothing runs
	waiting lines
	seen    memory
}

// NewQueue returns a Queue, or an error that names the field of cfg that is
// wrong. It has no goroutines but those that handle events.
func NewQueue(cfg Config) (*Queue, error) {
	cfg, err := cfg.settled()
	if err != nil {
		return nil, err
	}
	q := &Queue{
		cfg:     cfg,
		log:     cfg.Logger,
		idle:    make(chan struct{}),
		waiting: lines{maxCount: cfg.Length, maxSize: cfg.Bytes, of: make(map[string]*line)},
		seen:    memory{keep: cfg.Remember, most: cfg.RememberCount, at: make(map[digest]time.Time)},
	}
	q.base, q.stop = context.WithCancel(context.Background())
	return q, nil
}

// add takes the event in, unless it came before or there is no room. It
// reports whether the event is new.
func (q *Queue) add(j *job) (fresh bool, err error) {
	e := j.event
	id := j.digest()
	q.mu.Lock()
	defer q.mu.Unlock()
	e.ReceivedAt = q.cfg.Clock() // under the lock, so that the memory is in order
	if q.closed {
		return false, busyError{"the app is stopping", q.cfg.RetryAfter}
	}
	if e.Identifier != "" && q.seen.has(id, e.ReceivedAt) {
		return false, nil
	}
	if err := q.waiting.push(j); err != nil {
		return false, busyError{err.Error(), q.cfg.RetryAfter}
	}
	if e.Identifier != "" { // only now: what was not taken will come again
		q.seen.add(id, e.ReceivedAt)
	}
	if q.running < q.cfg.Workers {
		q.running++
		go q.run(q.waiting.pop())
	}
	return true, nil
}

// run handles one event and hands its place on, even when the handler panics
// or ends the goroutine.
func (q *Queue) run(j *job) {
	defer q.next()
	ctx, cancel := context.WithTimeout(auth.WithCaller(q.base, j.event.Caller), q.cfg.Timeout)
	defer cancel()
	err := errors.New("the handler ended its goroutine")
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the handler panicked: %v\n%s", p, debug.Stack())
		}
		if err != nil {
			q.failed(ctx, j.event, err)
		}
	}()
	err = j.handle(ctx, j.event)
}

func (q *Queue) failed(ctx context.Context, e *Event, err error) {
	text := fmt.Sprint(err) // not err.Error(), which may panic in its turn
	q.log.LogAttrs(ctx, slog.LevelError, "webhook failed",
		slog.String("event", e.Name), slog.String("client_key", e.Caller.ClientKey),
		slog.String("identifier", redact.Text(e.Identifier)), slog.String("error", redact.Text(text)))
}

// next goes on with what waits.
func (q *Queue) next() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j := q.waiting.pop(); j != nil {
		go q.run(j)
		return
	}
	if q.running--; q.running > 0 {
		return
	}
	for _, done := range q.settled {
		close(done)
	}
	q.settled = nil
	if q.closed {
		close(q.idle)
	}
}

// Settle waits until no event waits or is being handled, for tests that look at
// what a handler did. The queue goes on taking events. When ctx ends first, its
// error is returned.
func (q *Queue) Settle(ctx context.Context) error {
	q.mu.Lock()
	if q.running == 0 {
		q.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	q.settled = append(q.settled, done)
	q.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Drain takes no more events and waits until those that were acknowledged are
// handled. When ctx ends first, the events that still wait are given up, the
// contexts of the handlers are cancelled, and Drain returns, without waiting
// for the handlers, the context's error with the number of events that were not
// handled to their end.
//
// A drained Queue stays closed. Drain may be called again, to wait for handlers
// that did not return; what an earlier call gave up is not counted once more.
func (q *Queue) Drain(ctx context.Context) error {
	q.close()
	select {
	case <-q.idle:
		return nil
	case <-ctx.Done():
	}
	if lost := q.abandon(); lost > 0 {
		return fmt.Errorf("webhook: %d acknowledged events were not handled: %w", lost, ctx.Err())
	}
	return nil
}

func (q *Queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = true
	if q.running == 0 {
		close(q.idle)
	}
}

// abandon gives up what is not done and returns how many events that is.
func (q *Queue) abandon() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	lost := q.waiting.drop() + q.running
	q.stop()
	return lost
}
