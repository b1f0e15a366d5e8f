package devhost

import (
	"context"
	"sync"
)

// workers counts what a Host does in the background. There are two kinds: loops
// that run until the host is closed, and jobs that end by themselves.
type workers struct {
	all     sync.WaitGroup
	mu      sync.Mutex
	stopped bool
	jobs    int
	idle    chan struct{} // closed when jobs falls to 0; nil while nobody waits
}

// start runs f as a loop. After stop it does nothing.
func (w *workers) start(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.all.Go(f)
	}
}

// startJob runs f as a job that settle waits for. After stop it does nothing.
func (w *workers) startJob(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	w.jobs++
	w.all.Go(func() {
		defer w.jobDone()
		f()
	})
}

func (w *workers) jobDone() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs--
	if w.jobs == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

// stop takes no more work and waits for what runs.
func (w *workers) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	w.all.Wait()
}

// settle returns when no job runs.
func (w *workers) settle(ctx context.Context) error {
	w.mu.Lock()
	if w.jobs == 0 {
		w.mu.Unlock()
		return nil
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
