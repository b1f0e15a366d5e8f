package boltstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	// A real app reads its key from where its other secrets are.
	key, err := boltstore.ParseKey("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := boltstore.Open(filepath.Join(dir, "app.db"), boltstore.Options{Keys: []boltstore.Key{key}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = s.Close() }()

	inst, err := s.Update(context.Background(), "tenant-1", func(*store.Installation) (*store.Installation, error) {
		return &store.Installation{ClientKey: "tenant-1", SharedSecret: store.NewSecret("from the host")}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(inst.ClientKey, inst.SharedSecret, inst.Generation)
	// Output: tenant-1 [redacted] 1
}
