package storetest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

func checkNoToken(r reporter, s tokenstore.Store) {
	wantToken(r, s, "nobody", nil)
	swap(r, s, "somebody", nil, sampleToken(1))
	wantToken(r, s, "some", nil)
	wantToken(r, s, "somebody2", nil)
	wantToken(r, s, "Somebody", nil)
}

func checkTokenFields(r reporter, s tokenstore.Store) {
	full := sampleToken(1)
	swap(r, s, "user", nil, full.Clone())
	wantToken(r, s, "user", full)
	bare := &tokenstore.Token{Refresh: store.NewSecret("r")}
	swap(r, s, "user", full, bare.Clone())
	wantToken(r, s, "user", bare)
	now := &tokenstore.Token{Access: store.NewSecret("a"), Expiry: time.Now(), Obtained: time.Now()}
	swap(r, s, "user", bare, now.Clone())
	wantToken(r, s, "user", now)
}

func checkTokenCopiesIn(r reporter, s tokenstore.Store) {
	first, second := sampleToken(1), sampleToken(2)
	swap(r, s, "user", nil, first)
	spoilToken(first)
	wantToken(r, s, "user", sampleToken(1))
	old := sampleToken(1)
	swap(r, s, "user", old, second)
	spoilToken(old)
	spoilToken(second)
	wantToken(r, s, "user", sampleToken(2))
}

func checkTokenCopiesOut(r reporter, s tokenstore.Store) {
	swap(r, s, "user", nil, sampleToken(1))
	for range 2 {
		got, err := s.Load(context.Background(), "user")
		if err != nil {
			r.Fatalf("Load: %v", err)
		}
		spoilToken(got)
		wantToken(r, s, "user", sampleToken(1))
	}
	swapLoses(r, s, "user", "that loses", sampleToken(2), sampleToken(3))
	wantToken(r, s, "user", sampleToken(1))
}

func checkAbsentOnly(r reporter, s tokenstore.Store) {
	swapLoses(r, s, "user", "of a token where none is", sampleToken(1), sampleToken(2))
	wantToken(r, s, "user", nil)
	swap(r, s, "user", nil, sampleToken(1))
	swapLoses(r, s, "user", "of none where a token is", nil, sampleToken(2))
	swapLoses(r, s, "user", "of none where the same token is", nil, sampleToken(1))
	wantToken(r, s, "user", sampleToken(1))
}

// checkEqualOnly swaps with an old token that differs in one field each time.
func checkEqualOnly(r reporter, s tokenstore.Store) {
	swap(r, s, "user", nil, sampleToken(1))
	typ := reflect.TypeFor[tokenstore.Token]()
	for i := range typ.NumField() {
		name := typ.Field(i).Name
		other, without := sampleToken(1), sampleToken(1)
		setToken(reflect.ValueOf(other).Elem().Field(i), name, 2)
		reflect.ValueOf(without).Elem().Field(i).SetZero()
		swapLoses(r, s, "user", "of a token with another "+name, other, sampleToken(3))
		swapLoses(r, s, "user", "of a token without "+name, without, sampleToken(3))
		swapLoses(r, s, "user", "that deletes one with another "+name, other, nil)
	}
	turned := sampleToken(1)
	turned.Scopes[0], turned.Scopes[1] = turned.Scopes[1], turned.Scopes[0]
	swapLoses(r, s, "user", "of a token with scopes in another order", turned, sampleToken(3))
	wantToken(r, s, "user", sampleToken(1))
}

// checkByContent swaps with old tokens that are equal and not the same.
func checkByContent(r reporter, s tokenstore.Store) {
	swap(r, s, "user", nil, sampleToken(1))
	elsewhere := sampleToken(1)
	elsewhere.Expiry = elsewhere.Expiry.In(time.FixedZone("elsewhere", -7200))
	swap(r, s, "user", elsewhere, sampleToken(2))
	swap(r, s, "user", sampleToken(2), sampleToken(2)) // as it was
	swap(r, s, "user", sampleToken(2), sampleToken(1)) // and back
	loaded, err := s.Load(context.Background(), "user")
	if err != nil {
		r.Fatalf("Load: %v", err)
	}
	bare := &tokenstore.Token{Access: store.NewSecret("a"), Scopes: []string{}, Obtained: time.Now()}
	swap(r, s, "user", loaded, bare)
	swap(r, s, "user", &tokenstore.Token{Access: store.NewSecret("a"), Obtained: bare.Obtained}, sampleToken(3))
	wantToken(r, s, "user", sampleToken(3))
}

func checkTokenDeletion(r reporter, s tokenstore.Store) {
	swap(r, s, "user", nil, nil)
	wantToken(r, s, "user", nil)
	swap(r, s, "user", nil, sampleToken(1))
	swap(r, s, "other", nil, sampleToken(2))
	swapLoses(r, s, "user", "of none to none where a token is", nil, nil)
	swapLoses(r, s, "user", "that deletes another token", sampleToken(2), nil)
	wantToken(r, s, "user", sampleToken(1))
	swap(r, s, "user", sampleToken(1), nil)
	wantToken(r, s, "user", nil)
	wantToken(r, s, "other", sampleToken(2))
	swapLoses(r, s, "user", "that deletes again", sampleToken(1), nil)
	swap(r, s, "user", nil, sampleToken(3))
	wantToken(r, s, "user", sampleToken(3))
}

// checkBadTokens stores what not every store could give back.
func checkBadTokens(r reporter, s tokenstore.Store) {
	good := sampleToken(1)
	swap(r, s, "user", nil, good.Clone())
	bad := func(change func(*tokenstore.Token)) *tokenstore.Token {
		t := sampleToken(2)
		change(t)
		return t
	}
	for what, t := range map[string]*tokenstore.Token{
		"empty":                  {},
		"without a secret":       bad(func(t *tokenstore.Token) { t.Access, t.Refresh = store.Secret{}, store.Secret{} }),
		"whose type is no text":  bad(func(t *tokenstore.Token) { t.Type = "\xff" }),
		"whose scope is no text": bad(func(t *tokenstore.Token) { t.Scopes[1] = "\xc3\x28" }),
		"of the year 10000":      bad(func(t *tokenstore.Token) { t.Expiry = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"of the year 0":          bad(func(t *tokenstore.Token) { t.Obtained = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) }),
		"that is too large": bad(func(t *tokenstore.Token) {
			t.Access = store.NewSecret(strings.Repeat("a", tokenstore.MaxToken))
		}),
	} {
		for key, old := range map[string]*tokenstore.Token{"user": good, "nobody": nil} {
			ok, err := s.CompareAndSwap(context.Background(), key, old, t)
			if ok || err == nil || errors.Is(err, tokenstore.ErrNotFound) {
				r.Errorf("CompareAndSwap to a token %s = %t, %v, want false and an error", what, ok, err)
			}
		}
	}
	wantToken(r, s, "user", good)
	wantToken(r, s, "nobody", nil)
	large := sampleToken(3)
	large.Access = store.NewSecret(strings.Repeat("a", tokenstore.MaxToken/2))
	swap(r, s, "user", good, large.Clone())
	wantToken(r, s, "user", large)
}

func checkBadTokenKeys(r reporter, s tokenstore.Store) {
	for _, key := range []string{"", strings.Repeat("k", tokenstore.MaxKey+1)} {
		got, err := s.Load(context.Background(), key)
		if got != nil || err == nil || errors.Is(err, tokenstore.ErrNotFound) {
			r.Errorf("Load with a key of %d bytes: %v, want an error that is not ErrNotFound", len(key), err)
		}
		for _, next := range []*tokenstore.Token{nil, sampleToken(1)} {
			ok, err := s.CompareAndSwap(context.Background(), key, nil, next)
			if ok || err == nil || errors.Is(err, tokenstore.ErrNotFound) {
				r.Errorf("CompareAndSwap with a key of %d bytes = %t, %v, want an error that is not ErrNotFound", len(key), ok, err)
			}
		}
	}
}

func checkOddTokenKeys(r reporter, s tokenstore.Store) {
	keys := []string{
		"a", "A", "a ", " a", "a\x00", "\x00", "\x00\x00", "a\x00b", "/", "..", "../a", "a/b", "%00", "\n", "\t",
		"\xff", "\xff\xfe", "\xc3\x28", "é", "e\u0301", "\u202e", "日本", "0", "null", "meta", "tokens", "installations", `"`,
		strings.Repeat("k", tokenstore.MaxKey), strings.Repeat("k", tokenstore.MaxKey-1),
	}
	parallel(len(keys), func(i int) { swap(noFatal{r}, s, keys[i], nil, sampleToken(i)) })
	for i, key := range keys {
		wantToken(r, s, key, sampleToken(i))
	}
	parallel(len(keys), func(i int) { swap(noFatal{r}, s, keys[i], sampleToken(i), nil) })
	for _, key := range keys {
		wantToken(r, s, key, nil)
	}
}

func checkTokenCancellation(r reporter, s tokenstore.Store) {
	swap(r, s, "user", nil, sampleToken(1))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := s.Load(ctx, "user")
	wantCanceled(r, "Load", got != nil, err)
	_, err = s.Load(ctx, "nobody")
	wantCanceled(r, "Load of nothing", false, err)
	for _, next := range []*tokenstore.Token{sampleToken(2), nil} {
		ok, err := s.CompareAndSwap(ctx, "user", sampleToken(1), next)
		wantCanceled(r, "CompareAndSwap", ok, err)
	}
	ok, err := s.CompareAndSwap(ctx, "nobody", nil, sampleToken(2))
	wantCanceled(r, "CompareAndSwap", ok, err)
	wantToken(r, s, "user", sampleToken(1))
	wantToken(r, s, "nobody", nil)
}
