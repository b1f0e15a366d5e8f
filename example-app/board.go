package main

import (
	"context"
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

type boardEntry struct {
	loaded time.Time
	list   staleList
}

func newBoard() *board { return &board{tenants: make(map[string]*boardEntry)} }

// list returns the tenant's list, loaded anew when it is too old. What is
// touched while it loads is looked for again the next time.
func (b *board) list(ctx context.Context, clientKey string, load func(context.Context) (staleList, error)) (staleList, error) {
	b.mu.Lock()
	entry := b.tenants[clientKey]
	if entry != nil && time.Since(entry.loaded) < boardLife {
		list := entry.copy()
		b.mu.Unlock()
		return list, nil
	}
	loading := &boardEntry{}
	b.tenants[clientKey] = loading
	b.mu.Unlock()

	list, err := load(ctx)
	if err != nil {
		return staleList{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tenants[clientKey] == loading {
		loading.list, loading.loaded = list, time.Now()
	}
	return (&boardEntry{list: list}).copy(), nil
}

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
		var rest []staleIssue
		for _, issue := range entry.list.Issues {
			if issue.Key != issueKey {
				rest = append(rest, issue)
			}
		}
		entry.list.Issues = rest
	}
}

// forget drops the tenant's list.
func (b *board) forget(clientKey string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tenants, clientKey)
}

func (e *boardEntry) copy() staleList {
	return staleList{Days: e.list.Days, Issues: append([]staleIssue(nil), e.list.Issues...)}
}
