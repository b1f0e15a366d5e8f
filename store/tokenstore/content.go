package tokenstore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/atlassian-connect-go/sdk/internal/seal"
)

const (
	fileKind  = "token file"
	tokenKind = "token in a file"
)

// content is what a file holds. All tokens in it are sealed under one key.
type content struct {
	sealer  *seal.Sealer
	entries []entry // by key, in the order of the keys' bytes
}

// entry is a token in a file. Keys are bytes, which need not be UTF-8.
type entry struct {
	Key    []byte `json:"key"`
	Sealed []byte `json:"sealed"`
}

// storedContent is the form of a content.
type storedContent struct {
	Tokens []entry `json:"tokens"`
}

// encode returns the text of a file. c must be sealed under the first key.
func (c *content) encode(r *seal.Ring) ([]byte, error) {
	body, err := json.Marshal(storedContent{Tokens: c.entries})
	if err != nil {
		return nil, err
	}
	text, _ := r.Pack(fileKind, "", append(body, '\n'))
	if len(text) > maxFile {
		return nil, fmt.Errorf("%d tokens take %d bytes, more than %d", len(c.entries), len(text), maxFile)
	}
	return text, nil
}

// decode returns what encode made text of.
func decode(r *seal.Ring, text []byte) (*content, error) {
	if len(text) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	body, s, _, err := r.Unpack(fileKind, "", text)
	if err != nil {
		return nil, err
	}
	var stored storedContent
	if err := json.Unmarshal(body, &stored, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("%w: it does not parse", ErrDamaged) // the cause may quote a secret
	}
	for i, e := range stored.Tokens {
		if len(e.Key) == 0 || i > 0 && string(stored.Tokens[i-1].Key) >= string(e.Key) {
			return nil, fmt.Errorf("%w: its tokens are out of order", ErrDamaged)
		}
	}
	return &content{sealer: s, entries: stored.Tokens}, nil
}

func (c *content) find(key string) (int, bool) {
	return slices.BinarySearchFunc(c.entries, key, func(e entry, key string) int { return strings.Compare(string(e.Key), key) })
}

// token returns the token with that key, nil for none.
func (c *content) token(key string) (*Token, error) {
	i, ok := c.find(key)
	if !ok {
		return nil, nil
	}
	return unseal(c.sealer, key, c.entries[i].Sealed)
}

// checkAll tries to read every token.
func (c *content) checkAll() error {
	for _, e := range c.entries {
		if _, err := unseal(c.sealer, string(e.Key), e.Sealed); err != nil {
			return fmt.Errorf("token %q: %w", e.Key, err)
		}
	}
	return nil
}

// with returns c under the key of s, with another token with that key, or
// without it if t is nil.
func (c *content) with(s *seal.Sealer, key string, t *Token) (*content, error) {
	next, err := c.under(s)
	if err != nil {
		return nil, err
	}
	i, found := next.find(key)
	if found {
		next.entries = slices.Delete(next.entries, i, i+1)
	}
	if t == nil {
		return next, nil
	}
	text, err := t.Reveal()
	if err != nil {
		return nil, err
	}
	e := entry{Key: []byte(key), Sealed: s.Seal(text, tokenKind, key)}
	next.entries = slices.Insert(next.entries, i, e)
	return next, nil
}

// under returns a copy of c that is sealed under the key of s.
func (c *content) under(s *seal.Sealer) (*content, error) {
	next := &content{sealer: s, entries: slices.Clone(c.entries)}
	if c.sealer.ID() == s.ID() {
		return next, nil
	}
	for i, e := range next.entries {
		key := string(e.Key)
		text, err := c.sealer.Open(e.Sealed, tokenKind, key)
		if err != nil {
			return nil, fmt.Errorf("token %q: %w", key, err)
		}
		next.entries[i].Sealed = s.Seal(text, tokenKind, key)
	}
	return next, nil
}

func unseal(s *seal.Sealer, key string, sealed []byte) (*Token, error) {
	text, err := s.Open(sealed, tokenKind, key)
	if err != nil {
		return nil, err
	}
	t, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return t, nil
}
