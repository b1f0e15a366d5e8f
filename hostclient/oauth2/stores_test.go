package oauth2_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/hostclient/oauth2"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// Two apps share each kind of store for days, and the grant is kept; a third one that
// opens the store anew goes on with it.
func TestRotationOverStores(t *testing.T) {
	for name, open := range map[string]func(*testing.T) func() tokenstore.Store{
		"memory": func(*testing.T) func() tokenstore.Store {
			m := new(tokenstore.Memory)
			return func() tokenstore.Store { return m }
		},
		"file": func(t *testing.T) func() tokenstore.Store {
			path, keys := filepath.Join(t.TempDir(), "tokens"), []tokenstore.Key{tokenstore.NewKey()}
			return func() tokenstore.Store {
				f, err := tokenstore.OpenFile(path, tokenstore.Options{Keys: keys})
				if err != nil {
					t.Fatal(err)
				}
				return f
			}
		},
		"bbolt": func(t *testing.T) func() tokenstore.Store {
			path, keys := filepath.Join(t.TempDir(), "app.db"), []boltstore.Key{boltstore.NewKey()}
			var last *boltstore.Store
			t.Cleanup(func() {
				if err := last.Close(); err != nil {
					t.Error(err)
				}
			})
			return func() tokenstore.Store {
				if last != nil { // one process at a time has the file open
					if err := last.Close(); err != nil {
						t.Fatal(err)
					}
				}
				s, err := boltstore.Open(path, boltstore.Options{Keys: keys})
				if err != nil {
					t.Fatal(err)
				}
				last = s
				return s.Tokens()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			reopen := open(t)
			patient := func(c *oauth2.Config) { c.Sleep = nil }
			w := newWorld(t, nil)
			w.tokens = reopen()
			w.app, w.client = w.process(t, patient)
			_, other := w.process(t, patient)
			w.consent(t)
			for range 10 {
				w.clock.advance(2 * time.Hour)
				var group sync.WaitGroup
				for _, c := range []*hostclient.Client{w.client, other, w.client, other} {
					group.Go(func() {
						if err := w.get(c); err != nil {
							t.Error(err)
						}
					})
				}
				group.Wait()
			}
			w.clock.advance(2 * time.Hour)
			w.tokens = reopen()
			_, next := w.process(t, patient)
			if err := w.get(next); err != nil {
				t.Error(err)
			}
		})
	}
}
