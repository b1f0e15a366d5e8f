// Package store says where the installations of a Connect app live.
//
// An [Installation] is what the host told the app about one tenant, and a
// [Store] keeps them by client key. [Memory] is a store for tests and for
// trying things out; package boltstore keeps them in a file; package storetest
// proves that a store of your own keeps the contract.
package store

import (
	"context"
	"errors"
	"iter"
)

// ErrNotFound says that no installation has the client key asked for.
var ErrNotFound = errors.New("store: no such installation")

// Store keeps installations by client key.
//
// Absence is told by ErrNotFound, alone or wrapped; any other error means that
// the store could not say. A store that lost or cannot read a record must
// return such an error and never ErrNotFound.
//
// All methods are safe for concurrent use. A change is visible to every call
// that begins after Update returned, and a store that calls itself durable has
// it on disk by then. A context that ends before a change has begun to be
// written leaves the store as it was and gives the context's error; after that
// the call waits for the outcome and reports it.
//
// The values handed out belong to the caller, and the store keeps nothing
// that it was given: both sides work on copies.
type Store interface {
	// Installation returns the installation with that client key.
	Installation(ctx context.Context, clientKey string) (*Installation, error)

	// Update replaces the installation with that client key by what change
	// makes of it, as one step that no other Update of the same client key
	// comes between.
	//
	// change receives the current installation, nil when there is none, and
	// returns the next one. It may edit what it was given. Returning nil
	// deletes the installation. When change fails or panics nothing is
	// stored, and Update returns its error as it is or lets the panic
	// through. change must be quick, must not call the store, and may be
	// called more than once.
	//
	// The store sets Generation, to 1 for a new record and one more at each
	// write. The next installation must have the client key asked for. Update
	// returns the installation as stored, nil after a deletion.
	Update(ctx context.Context, clientKey string, change func(current *Installation) (*Installation, error)) (*Installation, error)

	// All yields every installation once, in the order of the client keys'
	// bytes. It sees each record either before or after a change made
	// meanwhile. An error ends the sequence, as the last pair, with a nil
	// installation. The loop's body may call the store.
	All(ctx context.Context) iter.Seq2[*Installation, error]

	// ClientKeysAt returns the client keys, in byte order, of the
	// installations whose BaseURL is exactly baseURL: usually one, and more
	// after a site import. None is not an error.
	ClientKeysAt(ctx context.Context, baseURL string) ([]string, error)
}
