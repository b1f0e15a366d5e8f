package storetest

import (
	"context"
	"testing"

	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// tokenCheck is one part of the contract of a tokenstore.Store. It is given an
// empty store.
type tokenCheck struct {
	name string
	run  func(r reporter, s tokenstore.Store)
}

func tokenChecks() []tokenCheck {
	return []tokenCheck{
		{"absence", checkNoToken},
		{"every field", checkTokenFields},
		{"copies in", checkTokenCopiesIn},
		{"copies out", checkTokenCopiesOut},
		{"absent only", checkAbsentOnly},
		{"equal only", checkEqualOnly},
		{"by content", checkByContent},
		{"deletion", checkTokenDeletion},
		{"bad tokens", checkBadTokens},
		{"bad keys", checkBadTokenKeys},
		{"odd keys", checkOddTokenKeys},
		{"cancellation", checkTokenCancellation},
		{"one winner", checkOneWinner},
		{"loser sees the winner", checkLoserSees},
		{"no lost change", checkNoLostChange},
		{"visibility", checkTokenVisibility},
		{"races", checkTokenRaces},
		{"random histories", checkTokenHistories},
	}
}

// RunTokens checks the stores that open returns, a new and empty one at each
// call. open ends the test when it fails, and closes what it opened by
// t.Cleanup. A store that implements tokenstore.Locker is checked for that too.
func RunTokens(t *testing.T, open func(t *testing.T) tokenstore.Store) {
	for _, c := range tokenChecks() {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
	if _, ok := open(t).(tokenstore.Locker); !ok {
		return
	}
	for _, c := range lockChecks() {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// RunTokensDurable does what RunTokens does and checks that the tokens are
// still there after reopen, which ends the use of s in the way that is hardest
// for it and returns another store over the same data.
func RunTokensDurable(t *testing.T, open func(t *testing.T) tokenstore.Store, reopen func(t *testing.T, s tokenstore.Store) tokenstore.Store) {
	RunTokens(t, open)
	t.Run("durability", func(t *testing.T) {
		checkTokenDurability(t, open(t), func(s tokenstore.Store) tokenstore.Store { return reopen(t, s) })
	})
}

// swap makes a change that must win.
func swap(r reporter, s tokenstore.Store, key string, old, next *tokenstore.Token) {
	r.Helper()
	ok, err := s.CompareAndSwap(context.Background(), key, old, next)
	if !ok || err != nil {
		r.Fatalf("CompareAndSwap(%q) of the stored token = %t, %v, want true, nil", short(key), ok, err)
	}
}

// swapLoses makes a change that must lose.
func swapLoses(r reporter, s tokenstore.Store, key, why string, old, next *tokenstore.Token) {
	r.Helper()
	ok, err := s.CompareAndSwap(context.Background(), key, old, next)
	if ok || err != nil {
		r.Errorf("CompareAndSwap(%q) %s = %t, %v, want false, nil", short(key), why, ok, err)
	}
}

// wantToken checks what the store holds, nil for nothing.
func wantToken(r reporter, s tokenstore.Store, key string, want *tokenstore.Token) {
	r.Helper()
	if d := tokenAt(s, key, want); d != "" {
		r.Errorf("Load(%q): %s", short(key), d)
	}
}
