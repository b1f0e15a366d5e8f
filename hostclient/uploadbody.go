package hostclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// uploadBody is the body of one attempt to send a form. Nothing of the form is read
// after Close, save for what is under way. A file may hang; net/http waits for a
// Read even when the call has ended, so this one returns with the call's context.
type uploadBody struct {
	ctx    context.Context // of the request, to which the body belongs
	form   io.Reader
	taken  chan struct{} // holds a value while the form is read
	closed atomic.Bool

	buffer, ready []byte // ready is what of buffer was not handed out
	err           error  // behind ready
}

// pieceSize is how much of a form is read at a time, as net/http's own buffer.
const pieceSize = 32 << 10

func (b *uploadBody) Read(p []byte) (int, error) {
	if len(b.ready) == 0 && b.err == nil {
		if err := b.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.ready)
	if b.ready = b.ready[n:]; len(b.ready) > 0 {
		return n, nil
	}
	return n, b.err
}

// fill reads the next piece of the form.
func (b *uploadBody) fill() error {
	if err := b.take(b.ctx); err != nil {
		return err
	}
	if b.closed.Load() {
		<-b.taken
		return errors.New("hostclient: the body of the upload is closed")
	}
	if b.buffer == nil {
		b.buffer = make([]byte, pieceSize)
	}
	type piece struct {
		n   int
		err error
	}
	filled := make(chan piece, 1)
	go func() {
		n, err := b.form.Read(b.buffer)
		<-b.taken
		filled <- piece{n, err}
	}()
	select {
	case got := <-filled:
		b.ready, b.err = b.buffer[:got.n], got.err
		return nil
	case <-b.ctx.Done():
		return b.hung(b.ctx)
	}
}

// take waits until nobody reads the form, and keeps others from it until the value
// is taken out of taken.
func (b *uploadBody) take(ctx context.Context) error {
	select {
	case b.taken <- struct{}{}:
		return nil
	case <-ctx.Done():
		return b.hung(ctx)
	}
}

func (b *uploadBody) hung(ctx context.Context) error {
	return fmt.Errorf("hostclient: waiting for a file of the upload: %w", ctx.Err())
}

// Close does not wait.
func (b *uploadBody) Close() error {
	b.closed.Store(true)
	return nil
}
