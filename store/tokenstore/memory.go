package tokenstore

import (
	"context"
	"sync"
)

// Memory is a Store that forgets everything when the process ends. Its zero
// value is empty and ready for use, and must not be copied after first use.
type Memory struct {
	mu    sync.RWMutex
	byKey map[string]*Token
}

var _ Store = (*Memory)(nil)

// Load implements Store.
func (m *Memory) Load(ctx context.Context, key string) (*Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	t, ok := m.byKey[key]
	if !ok {
		return nil, ErrNotFound
	}
	return t.Clone(), nil
}

// CompareAndSwap implements Store.
func (m *Memory) CompareAndSwap(ctx context.Context, key string, old, next *Token) (bool, error) {
	if err := Check(key, next); err != nil {
		return false, err
	}
	next = next.stored()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if !m.byKey[key].Equal(old) {
		return false, nil
	}
	if next == nil {
		delete(m.byKey, key)
		return true, nil
	}
	if m.byKey == nil {
		m.byKey = make(map[string]*Token)
	}
	m.byKey[key] = next
	return true, nil
}

// stored returns a copy as Load gives it back.
func (t *Token) stored() *Token {
	c := t.Clone()
	if c != nil {
		c.Expiry, c.Obtained = c.Expiry.UTC().Round(0), c.Obtained.UTC().Round(0)
	}
	return c
}
