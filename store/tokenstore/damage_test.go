package tokenstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// written returns the path and the content of a file with two tokens.
func written(t testing.TB, o tokenstore.Options) (*tokenstore.File, string, []byte) {
	t.Helper()
	path := temp(t)
	f := open(t, path, o)
	short := func(secret string) *tokenstore.Token { return &tokenstore.Token{Access: store.NewSecret(secret)} }
	put(t, f, "a", nil, short("of a"))
	put(t, f, "b", nil, short("of b"))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return f, path, content
}

// wantDamage puts content in the place of the file. No method may take it.
func wantDamage(t testing.TB, f *tokenstore.File, path string, o tokenstore.Options, content []byte, what string) {
	t.Helper()
	wantNotRead(t, f, path, o, content, what)
	wantUnusable(t, f, what)
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
		t.Errorf("%s: the file was changed: %v", what, err)
	}
}

// wantNotRead does so for the methods that read.
func wantNotRead(t testing.TB, f *tokenstore.File, path string, o tokenstore.Options, content []byte, what string) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "c"} {
		if got, err := f.Load(context.Background(), key); got != nil || !refused(err) {
			t.Errorf("%s: Load = %v, %v, want ErrDamaged", what, got, err)
		}
	}
	if opened, err := tokenstore.OpenFile(path, o); opened != nil || !refused(err) {
		t.Errorf("%s: OpenFile: %v, want ErrDamaged", what, err)
	}
}

func wantUnusable(t testing.TB, f *tokenstore.File, what string) {
	t.Helper()
	ctx := context.Background()
	for _, key := range []string{"a", "b", "c"} {
		if got, err := f.Load(ctx, key); got != nil || !refused(err) {
			t.Errorf("%s: Load = %v, %v, want ErrDamaged", what, got, err)
		}
		for _, old := range []*tokenstore.Token{nil, sample(1)} {
			if ok, err := f.CompareAndSwap(ctx, key, old, sample(2)); ok || !refused(err) {
				t.Errorf("%s: CompareAndSwap = %t, %v, want ErrDamaged", what, ok, err)
			}
		}
	}
	if err := f.Reseal(ctx); !refused(err) {
		t.Errorf("%s: Reseal: %v, want ErrDamaged", what, err)
	}
}

// refused reports whether a damaged file gave the right error: the key that it
// names, and the schema, may be what is damaged.
func refused(err error) bool {
	return err != nil && !errors.Is(err, tokenstore.ErrNotFound) && (errors.Is(err, tokenstore.ErrDamaged) ||
		errors.Is(err, tokenstore.ErrKey) || strings.Contains(err.Error(), "newer version"))
}

// TestDamage changes a bit of each byte of a file, and cuts it off at each byte.
func TestDamage(t *testing.T) {
	for name, o := range map[string]tokenstore.Options{"sealed": sealed(tokenstore.NewKey()), "plain": plain} {
		f, path, content := written(t, o)
		for i := range content {
			check := wantNotRead
			if i%64 == 0 {
				check = wantDamage
			}
			check(t, f, path, o, content[:i], fmt.Sprintf("%s, cut at %d", name, i))
			changed := bytes.Clone(content)
			changed[i] ^= 1 << (i % 8)
			check(t, f, path, o, changed, fmt.Sprintf("%s, byte %d changed", name, i))
			if t.Failed() {
				return
			}
		}
		wantDamage(t, f, path, o, append(bytes.Clone(content), '\n'), name+", longer")
		wantDamage(t, f, path, o, bytes.Repeat([]byte("hello\n"), 1000), name+", other text")
		wantDamage(t, f, path, o, append(content, make([]byte, 64<<20)...), name+", too large")
		wantOpenError(t, path, o, tokenstore.ErrDamaged, "more than")
	}
}

// TestEmptyFile must not be taken for a store without tokens.
func TestEmptyFile(t *testing.T) {
	o := sealed(tokenstore.NewKey())
	f, path, _ := written(t, o)
	wantDamage(t, f, path, o, nil, "empty")
	wantOpenError(t, path, o, tokenstore.ErrDamaged, "it is empty")
}

// TestFileIsGone removes a file that is in use.
func TestFileIsGone(t *testing.T) {
	f, path, _ := written(t, plain)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	wantUnusable(t, f, "gone")
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
}

// parts takes a file apart into its first line and its entries.
func parts(t testing.TB, content []byte) (line string, tokens []map[string]string) {
	t.Helper()
	line, body, _ := strings.Cut(string(content), "\n")
	var file struct {
		Tokens []map[string]string `json:"tokens"`
	}
	if err := json.Unmarshal([]byte(body), &file); err != nil || len(file.Tokens) != 2 {
		t.Fatalf("%d tokens, %v", len(file.Tokens), err)
	}
	return line, file.Tokens
}

// TestExchangedTokens gives two entries each other's token.
func TestExchangedTokens(t *testing.T) {
	o := sealed(tokenstore.NewKey())
	f, path, content := written(t, o)
	line, tokens := parts(t, content)
	tokens[0]["sealed"], tokens[1]["sealed"] = tokens[1]["sealed"], tokens[0]["sealed"]
	body, err := json.Marshal(map[string]any{"tokens": tokens})
	if err != nil {
		t.Fatal(err)
	}
	wantDamage(t, f, path, o, []byte(line+"\n"+string(body)+"\n"), "exchanged")
}
