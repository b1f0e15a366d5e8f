package main

import (
	"context"
	"slices"
	"sync"
	"time"
)

// staleList is what the page shows.
type staleList struct {
	Days   int
	Issues []staleIssue
}

// staleIssue is one line of it.
type staleIssue struct {
	ID, Key, Summary, Status, Assignee, URL string
	// Rested is how many days nobody has touched it.
	Rested int
}

const boardLife = 5 * time.Minute

// board remembers each tenant's list for a while; webhooks keep it fresh.
type board struct {
	mu      sync.Mutex
	tenants map[string]*boardEntry
}

// boardEntry is a list that is there or on its way.
type boardEntry struct {
	done   chan struct{} // closed when it is there, or err says why not
	loaded time.Time
	list   staleList
	err    error
}

func newBoard() *board { return &board{tenants: make(map[string]*boardEntry)} }

// list returns the tenant's list, loaded anew when it is too old, once for all
// who ask meanwhile. What is touched while it loads is looked for again the
// next time.
func (b *board) list(ctx context.Context, clientKey string, load func(context.Context) (staleList, error)) (staleList, error) {
	b.mu.Lock()
	entry := b.tenants[clientKey]
	if entry == nil || entry.over() {
		entry = &boardEntry{done: make(chan struct{})}
		b.tenants[clientKey] = entry
		go b.load(context.WithoutCancel(ctx), clientKey, entry, load)
	}
	b.mu.Unlock()
	select {
	case <-entry.done:
	case <-ctx.Done():
		return staleList{}, ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return entry.copy(), entry.err
}

// load fills an entry in. One that failed is not kept.
func (b *board) load(ctx context.Context, clientKey string, entry *boardEntry, load func(context.Context) (staleList, error)) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	list, err := load(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	entry.list, entry.err, entry.loaded = list, err, time.Now()
	if err != nil && b.tenants[clientKey] == entry {
		delete(b.tenants, clientKey)
	}
	close(entry.done)
}

// over reports whether the list is there and too old.
func (e *boardEntry) over() bool { return !e.loaded.IsZero() && time.Since(e.loaded) >= boardLife }

// touched takes an issue off the tenant's list.
func (b *board) touched(clientKey, issueKey string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	entry := b.tenants[clientKey]
	switch {
	case entry == nil:
	case entry.loaded.IsZero():
		delete(b.tenants, clientKey)
	default:
		entry.list.Issues = slices.DeleteFunc(slices.Clone(entry.list.Issues), func(i staleIssue) bool { return i.Key == issueKey })
	}
}

// forget drops the tenant's list.
func (b *board) forget(clientKey string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tenants, clientKey)
}

func (e *boardEntry) copy() staleList {
	return staleList{Days: e.list.Days, Issues: slices.Clone(e.list.Issues)}
}
