package store_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/atlassian-connect-go/sdk/store"
)

func Example() {
	ctx := context.Background()
	s := store.NewMemory()

	_, err := s.Update(ctx, "tenant-1", func(current *store.Installation) (*store.Installation, error) {
		if current != nil {
			return nil, errors.New("installed already")
		}
		return &store.Installation{
			ClientKey:    "tenant-1",
			BaseURL:      "https://acme.atlassian.net",
			State:        store.Installed,
			SharedSecret: store.NewSecret("from the host"),
		}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	inst, err := s.Installation(ctx, "tenant-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(inst.BaseURL, inst.Generation, inst.SharedSecret, inst.Live())

	_, err = s.Installation(ctx, "tenant-2")
	fmt.Println(errors.Is(err, store.ErrNotFound))
	// Output:
	// https://acme.atlassian.net 1 [redacted] true
	// true
}
