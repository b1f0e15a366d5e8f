package store

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
)

// Memory is a Store that forgets everything when the process ends. Use
// NewMemory to make one.
type Memory struct {
	mu    sync.RWMutex
	byKey map[string]*Installation
	// sites maps a base URL to the client keys there.
	sites map[string]map[string]struct{}
}

// NewMemory returns an empty Memory.
func NewMemory() *Memory {
	return &Memory{
		byKey: make(map[string]*Installation),
		sites: make(map[string]map[string]struct{}),
	}
}

// Installation implements Store.
func (m *Memory) Installation(ctx context.Context, clientKey string) (*Installation, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	current, ok := m.byKey[clientKey]
	if !ok {
		return nil, ErrNotFound
	}
	return current.Clone(), nil
}

// Update implements Store.
func (m *Memory) Update(ctx context.Context, clientKey string, change func(*Installation) (*Installation, error)) (*Installation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	current := m.byKey[clientKey]
	next, err := change(current.Clone())
	if err != nil {
		return nil, err
	}
	if next, err = Next(clientKey, current, next); err != nil {
		return nil, err
	}
	if current != nil {
		delete(m.sites[current.BaseURL], clientKey)
		if len(m.sites[current.BaseURL]) == 0 {
			delete(m.sites, current.BaseURL)
		}
		delete(m.byKey, clientKey)
	}
	if next == nil {
		return nil, nil
	}
	m.byKey[clientKey] = next
	if m.sites[next.BaseURL] == nil {
		m.sites[next.BaseURL] = make(map[string]struct{})
	}
	m.sites[next.BaseURL][clientKey] = struct{}{}
	return next.Clone(), nil
}

// Next is the step every Update ends with, for those who write a Store: it
// checks what change returned for clientKey and gives the copy to be stored,
// with its Generation set. A nil next, a deletion, stays nil.
func Next(clientKey string, current, next *Installation) (*Installation, error) {
	if clientKey == "" {
		return nil, fmt.Errorf("store: the client key is empty")
	}
	if next == nil {
		return nil, nil
	}
	if next.ClientKey != clientKey {
		return nil, fmt.Errorf("store: client key %q was asked for and %q returned", clientKey, next.ClientKey)
	}
	next = next.Clone()
	next.Generation = 1
	if current != nil {
		next.Generation = current.Generation + 1
	}
	return next, nil
}

// All implements Store.
func (m *Memory) All(ctx context.Context) iter.Seq2[*Installation, error] {
	return func(yield func(*Installation, error) bool) {
		m.mu.RLock()
		keys := make([]string, 0, len(m.byKey))
		for k := range m.byKey {
			keys = append(keys, k)
		}
		m.mu.RUnlock()
		slices.Sort(keys)
		for _, k := range keys {
			inst, err := m.Installation(ctx, k)
			if err == ErrNotFound {
				continue // deleted meanwhile
			}
			if !yield(inst, err) || err != nil {
				return
			}
		}
	}
}

// ClientKeysAt implements Store.
func (m *Memory) ClientKeysAt(ctx context.Context, baseURL string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	var keys []string
	for k := range m.sites[baseURL] {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys, nil
}
