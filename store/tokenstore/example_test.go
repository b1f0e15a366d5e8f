package tokenstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// A real tool reads its key from where its other secrets are.
	key, err := tokenstore.ParseKey("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	if err != nil {
		fmt.Println(err)
		return
	}
	tokens, err := tokenstore.OpenFile(filepath.Join(dir, "tokens"), tokenstore.Options{Keys: []tokenstore.Key{key}})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx := context.Background()
	_, err = tokens.Load(ctx, "user-1")
	fmt.Println(errors.Is(err, tokenstore.ErrNotFound))

	first := &tokenstore.Token{
		Access: store.NewSecret("access 1"), Refresh: store.NewSecret("refresh 1"),
		Type: "bearer", Expiry: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC),
	}
	won, err := tokens.CompareAndSwap(ctx, "user-1", nil, first)
	fmt.Println(won, err)

	// Two refresh at the same time: both know the first token, and one wins.
	second := &tokenstore.Token{Access: store.NewSecret("access 2"), Refresh: store.NewSecret("refresh 2")}
	won, err = tokens.CompareAndSwap(ctx, "user-1", first, second)
	fmt.Println(won, err)
	other := &tokenstore.Token{Access: store.NewSecret("access 3"), Refresh: store.NewSecret("refresh 3")}
	won, err = tokens.CompareAndSwap(ctx, "user-1", first, other)
	fmt.Println(won, err)

	// The loser loads what the winner stored.
	current, err := tokens.Load(ctx, "user-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(current.Refresh, current.Refresh.Reveal())
	// Output:
	// true
	// true <nil>
	// true <nil>
	// false <nil>
	// [redacted] refresh 2
}
