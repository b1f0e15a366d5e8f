package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/atlassian-connect-go/sdk/internal/durable"
	"github.com/atlassian-connect-go/sdk/internal/seal"
)

// maxFile is how large a file may be. Every change writes all of it.
const maxFile = 64 << 20

// Options says how a file is opened.
type Options struct {
	// Keys are the keys that open the file. The first one seals what is
	// written. Without any, InsecureNoEncryption must be set.
	Keys []Key
	// InsecureNoEncryption keeps the tokens as plain text in the file. It
	// excludes Keys. A file that others than its owner may read is refused.
	InsecureNoEncryption bool
}

// File is a Store in a file, for command line tools and small services: every
// change writes the whole file anew, so it is meant for hundreds of tokens,
// not for millions. Use OpenFile to get one. It is safe for concurrent use,
// and so is the file: any number of processes may have it open. It holds
// nothing that must be closed.
//
// Each token is sealed with AES-256-GCM under the first of the keys, bound to
// its own key, and the file as a whole is authenticated with HMAC-SHA-256.
// Their number and their keys can be read. To change the key, give the new one
// to every process, behind the old one; then put it in front, call Reseal, and
// leave the old one out from then on.
//
// A change is on the disk when CompareAndSwap returns true. It is written to a
// temporary file that takes the place of the former one, so a power cut leaves
// one or the other; if the process dies meanwhile, the temporary file, whose
// name begins with a dot, may stay behind and may be deleted. A file that is empty, cut off, changed or gone is an error
// that wraps ErrDamaged, and never an empty store. The one thing that no file
// can tell by itself is that it was replaced by an older copy.
//
// File implements Locker. Beside the file, whose folder must be writable, a
// file with the ending .lock stays for good, and others while Lock is in use;
// they are empty and may be deleted when no process uses the file.
type File struct {
	path  string
	ring  *seal.Ring
	files durable.Files
	turns turns
}

var (
	_ Store  = (*File)(nil)
	_ Locker = (*File)(nil)
)

// OpenFile opens the file at path, or creates it, with mode 0600, when nothing
// is there. A symbolic link is followed once, now. OpenFile reads the whole
// file, and fails with ErrKey when it was sealed otherwise than o says, and
// with ErrDamaged when it is damaged, empty, or not one of this package.
//
// The file system must have locks and hard links, as local ones do. On systems
// without flock, such as Windows, OpenFile fails with errors.ErrUnsupported;
// package boltstore works there.
func OpenFile(path string, o Options) (*File, error) {
	return openFile(path, o, durable.OS{})
}

func openFile(path string, o Options, files durable.Files) (*File, error) {
	ring, err := seal.NewRing(seal.Config{Keys: o.Keys, InsecureNoEncryption: o.InsecureNoEncryption})
	if err != nil {
		return nil, fmt.Errorf("tokenstore: %w", err)
	}
	if !durable.CanLock {
		return nil, fmt.Errorf("tokenstore: open %q: files cannot be locked on this system: %w", path, errors.ErrUnsupported)
	}
	f := &File{path: path, ring: ring, files: files}
	if err := f.open(o); err != nil {
		return nil, fmt.Errorf("tokenstore: open %q: %w", path, err)
	}
	return f, nil
}

// open makes the file if need be and looks at all of it.
func (f *File) open(o Options) error {
	path, err := filepath.Abs(f.path)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		empty, err := (&content{sealer: f.ring.First()}).encode(f.ring)
		if err != nil {
			return err
		}
		if err := durable.Create(f.files, path, filling(empty)); err != nil {
			return err
		}
	}
	if f.path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if o.InsecureNoEncryption && info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("it is not encrypted and has the mode %04o, so others may use it; set 0600", info.Mode().Perm())
	}
	c, err := f.read()
	if err != nil {
		return err
	}
	return c.checkAll()
}

// filling returns what gives a temporary file its content.
func filling(text []byte) func(string) error {
	return func(temp string) error { return os.WriteFile(temp, text, 0o600) }
}

// read returns what the file holds, authenticated.
func (f *File) read() (*content, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: it is gone: %w", ErrDamaged, err)
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%w: it has more than %d bytes", ErrDamaged, maxFile)
	}
	return decode(f.ring, text)
}

// Load implements Store. It waits for no one.
func (f *File) Load(ctx context.Context, key string) (*Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	t, _, err := f.load(key)
	if err == nil && t == nil {
		err = ErrNotFound
	}
	return t, err
}

// load returns the token with that key, nil for none, and what it stands in.
func (f *File) load(key string) (*Token, *content, error) {
	c, err := f.read()
	if err != nil {
		return nil, nil, fmt.Errorf("tokenstore: %q: %w", f.path, err)
	}
	t, err := c.token(key)
	if err != nil {
		return nil, nil, fmt.Errorf("tokenstore: %q: token %q: %w", f.path, key, err)
	}
	return t, c, nil
}

// CompareAndSwap implements Store. It waits for changes that other processes
// are writing.
func (f *File) CompareAndSwap(ctx context.Context, key string, old, next *Token) (bool, error) {
	if err := Check(key, next); err != nil {
		return false, err
	}
	unlock, err := f.lock(ctx, f.path+".lock", keepFile)
	if err != nil {
		return false, err
	}
	defer unlock()
	current, c, err := f.load(key)
	if err != nil {
		return false, err
	}
	if !current.Equal(old) {
		return false, nil
	}
	if current == nil && next == nil {
		return true, nil
	}
	c, err = c.with(f.ring.First(), key, next)
	if err != nil {
		return false, err
	}
	if err := f.write(c); err != nil {
		return false, err
	}
	return true, nil
}

// Reseal seals everything in the file that is not sealed under the first key
// anew, as every change does. When it has returned nil, the other keys are not
// needed to open the file any more.
func (f *File) Reseal(ctx context.Context) error {
	unlock, err := f.lock(ctx, f.path+".lock", keepFile)
	if err != nil {
		return err
	}
	defer unlock()
	c, err := f.read()
	if err == nil {
		c, err = c.under(f.ring.First())
	}
	if err != nil {
		return fmt.Errorf("tokenstore: %q: %w", f.path, err)
	}
	return f.write(c)
}

// write puts c, which is sealed under the first key, in the place of what the
// file holds.
func (f *File) write(c *content) error {
	text, err := c.encode(f.ring)
	if err != nil {
		return fmt.Errorf("tokenstore: %q: %w", f.path, err)
	}
	replaced, err := durable.Replace(f.files, f.path, filling(text))
	if err != nil && replaced {
		return fmt.Errorf("tokenstore: write %q: it is written, but whether it is on the disk is unknown: %w", f.path, err)
	}
	if err != nil {
		return fmt.Errorf("tokenstore: write %q: nothing was changed: %w", f.path, err)
	}
	return nil
}
