package durable_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/atlassian-connect-go/sdk/internal/durable"
)

func filling(text string) func(string) error {
	return func(temp string) error { return os.WriteFile(temp, []byte(text), 0o600) }
}

// wantFile checks that a folder holds that file alone.
func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("the file holds %q, %v, want %q", got, err, want)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("the folder holds %v, %v, want the file alone", names, err)
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"first", "second"} {
		if err := durable.Create(durable.OS{}, path, filling(text)); err != nil {
			t.Fatal(err)
		}
		wantFile(t, path, "first")
	}
}

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"first", "second"} {
		if ok, err := durable.Replace(durable.OS{}, path, filling(text)); !ok || err != nil {
			t.Fatalf("Replace = %t, %v, want true", ok, err)
		}
		wantFile(t, path, text)
	}
	failure := errors.New("no")
	if ok, err := durable.Replace(durable.OS{}, path, func(string) error { return failure }); ok || !errors.Is(err, failure) {
		t.Errorf("Replace whose content fails = %t, %v, want false and the error", ok, err)
	}
	wantFile(t, path, "second")
}

func TestTryLock(t *testing.T) {
	if !durable.CanLock {
		t.Skip("files cannot be locked here")
	}
	path := filepath.Join(t.TempDir(), "file")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	first, second := open(), open()
	try := func(f *os.File, want bool) {
		t.Helper()
		if ok, err := durable.TryLock(f); ok != want || err != nil {
			t.Errorf("TryLock = %t, %v, want %t", ok, err, want)
		}
	}
	try(first, true)
	try(first, true)
	try(second, false)
	if err := durable.Unlock(first); err != nil {
		t.Error(err)
	}
	try(second, true)
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	try(first, true)
}
