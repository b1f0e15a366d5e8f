package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
)

// This file is white-box because the order of a creation's file operations
// cannot be seen from outside.

const sector = 512

// diskOp is something that a disk may have done or not when the power goes.
// With barrier set it is none, but all before it concerning the file or the
// folder is on the disk from then on.
type diskOp struct {
	barrier bool
	folder  bool              // concerns the folder, not the content of a file
	do      func(*diskImage)  // for an operation
	covers  func(diskOp) bool // for a barrier
	inode   int
}

// diskImage is what is on a disk: contents, and names that lead to them.
type diskImage struct {
	content map[int][]byte
	names   map[string]int
}

// recorder performs the file operations of a creation and notes them.
type recorder struct {
	osFiles
	ops    []diskOp
	inodes map[string]int
}

func (r *recorder) folderOp(do func(*diskImage)) {
	r.ops = append(r.ops, diskOp{folder: true, do: do})
}

func (r *recorder) createTemp(dir, pattern string) (string, error) {
	name, err := r.osFiles.createTemp(dir, pattern)
	inode := len(r.inodes) + 1
	r.inodes[name] = inode
	r.folderOp(func(d *diskImage) { d.names[name] = inode })
	return name, err
}

// write notes what was written to a file so far, sector by sector: a disk may
// write them in any order.
func (r *recorder) write(name string) error {
	content, err := os.ReadFile(name)
	inode := r.inodes[name]
	for at := 0; at < len(content); at += sector {
		piece := content[at:min(at+sector, len(content))]
		r.ops = append(r.ops, diskOp{inode: inode, do: func(d *diskImage) {
			if grow := at + len(piece) - len(d.content[inode]); grow > 0 {
				d.content[inode] = append(d.content[inode], make([]byte, grow)...)
			}
			copy(d.content[inode][at:], piece)
		}})
	}
	return err
}

func (r *recorder) syncFile(name string) error {
	err := errors.Join(r.write(name), r.osFiles.syncFile(name))
	inode := r.inodes[name]
	r.ops = append(r.ops, diskOp{barrier: true, covers: func(o diskOp) bool { return !o.folder && o.inode == inode }})
	return err
}

func (r *recorder) link(name, newName string) error {
	inode := r.inodes[name]
	r.folderOp(func(d *diskImage) { d.names[newName] = inode })
	return r.osFiles.link(name, newName)
}

func (r *recorder) remove(name string) error {
	r.folderOp(func(d *diskImage) { delete(d.names, name) })
	return r.osFiles.remove(name)
}

func (r *recorder) syncDir(dir string) error {
	r.ops = append(r.ops, diskOp{barrier: true, covers: func(o diskOp) bool { return o.folder }})
	return r.osFiles.syncDir(dir)
}

// images calls visit with what may be on the disk when the power goes after n
// operations: whatever a barrier covers, and of the rest all, none, and every
// one alone, first or left out. Contents and names are independent, names
// among each other keep their order.
func images(ops []diskOp, visit func(what string, d *diskImage)) {
	for n := range len(ops) + 1 {
		var open []int
		for i, o := range ops[:n] {
			if !o.barrier && !covered(ops[i:n], o) {
				open = append(open, i)
			}
		}
		for _, c := range choices(ops, open) {
			d := &diskImage{content: make(map[int][]byte), names: make(map[string]int)}
			for i, o := range ops[:n] {
				if !o.barrier && (c.done[i] || covered(ops[i:n], o)) {
					o.do(d)
				}
			}
			visit(fmt.Sprintf("after %d operations, %s", n, c.name), d)
		}
	}
}

func covered(later []diskOp, o diskOp) bool {
	for _, b := range later {
		if b.barrier && b.covers(o) {
			return true
		}
	}
	return false
}

type choice struct {
	name string
	done map[int]bool
}

// choices returns subsets of the operations that no barrier covers.
func choices(ops []diskOp, open []int) []choice {
	var folder, content []int
	for _, i := range open {
		if ops[i].folder {
			folder = append(folder, i)
		} else {
			content = append(content, i)
		}
	}
	var contents []choice
	add := func(name string, keep func(at int) bool) {
		c := choice{name: name, done: make(map[int]bool)}
		for at, i := range content {
			c.done[i] = keep(at)
		}
		contents = append(contents, c)
	}
	add("nothing written", func(int) bool { return false })
	add("all written", func(int) bool { return true })
	for k := range content {
		add(fmt.Sprintf("%d sectors written", k), func(at int) bool { return at < k })
		add(fmt.Sprintf("sector %d alone written", k), func(at int) bool { return at == k })
		add(fmt.Sprintf("sector %d not written", k), func(at int) bool { return at != k })
	}
	var all []choice
	for names := range len(folder) + 1 {
		for _, c := range contents {
			done := maps.Clone(c.done)
			for _, i := range folder[:names] {
				done[i] = true
			}
			all = append(all, choice{name: fmt.Sprintf("%s, %d names", c.name, names), done: done})
		}
	}
	return all
}

// TestPowerCutInCreation opens what any power cut during a creation can leave.
// The app must start again, with the file complete or made anew.
func TestPowerCutInCreation(t *testing.T) {
	o := Options{Keys: []Key{NewKey()}}
	ring, err := newRing(o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "app.db")
	rec := &recorder{inodes: make(map[string]int)}
	s, err := open(path, o, ring, rec)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	made, complete := 0, 0
	opened := make(map[string]bool)
	images(rec.ops, func(what string, d *diskImage) {
		inode, ok := d.names[path]
		key := fmt.Sprint(ok, len(d.names), string(d.content[inode]))
		if opened[key] {
			return // the same image under another name
		}
		opened[key] = true
		made++
		if ok {
			complete++
		}
		openImage(t, what, path, o, d)
	})
	if complete == 0 || made == complete {
		t.Errorf("of %d images %d have the file", made, complete)
	}
	final := diskImage{content: make(map[int][]byte), names: make(map[string]int)}
	for i, op := range rec.ops {
		if !op.barrier && covered(rec.ops[i:], op) {
			op.do(&final)
		}
	}
	if _, ok := final.names[path]; !ok {
		t.Error("the name of the file is not on the disk when Open returns")
	}
}

// openImage puts an image on the disk and opens the file in it.
func openImage(t *testing.T, what, path string, o Options, d *diskImage) {
	t.Helper()
	dir := t.TempDir()
	for name, inode := range d.names {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), d.content[inode], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(filepath.Join(dir, filepath.Base(path)), o)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	_, err = s.Update(context.Background(), "tenant", func(current *store.Installation) (*store.Installation, error) {
		if current != nil {
			t.Errorf("%s: a new file has an installation", what)
		}
		return &store.Installation{ClientKey: "tenant"}, nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// TestUnsafeCreation shows that the images find a creation without its
// barriers.
func TestUnsafeCreation(t *testing.T) {
	r, err := newRing(Options{InsecureNoEncryption: true})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "app.db")
	rec := &recorder{inodes: make(map[string]int)}
	if err := create(rec, path, r); err != nil {
		t.Fatal(err)
	}
	var unsafe []diskOp
	for _, op := range rec.ops {
		if !op.barrier {
			unsafe = append(unsafe, op)
		}
	}
	bad := 0
	images(unsafe, func(_ string, d *diskImage) {
		inode, ok := d.names[path]
		if !ok || bad > 0 {
			return
		}
		content := d.content[inode]
		if _, err := inspect(bytes.NewReader(content), int64(len(content)), r, false); err != nil {
			bad++
		}
	})
	if bad == 0 {
		t.Error("no image of a creation without barriers is bad")
	}
}

// TestPowerCutInUpdate opens what a power cut during an update can leave. A
// commit writes its pages, waits for the disk, writes a header sector, and
// waits for the disk; the state must be the former one without the header and
// the new one with it.
func TestPowerCutInUpdate(t *testing.T) {
	o := Options{Keys: []Key{NewKey()}}
	path := filepath.Join(t.TempDir(), "app.db")
	s, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c"} {
		putKey(t, s, key)
	}
	before := readFile(t, path)
	putKey(t, s, "last")
	after := readFile(t, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var pages []int // places of changed sectors that are in no header
	for at := 2 * os.Getpagesize(); at < len(after); at += sector {
		if at >= len(before) || !bytes.Equal(before[at:at+sector], after[at:at+sector]) {
			pages = append(pages, at)
		}
	}
	if len(pages) < 4 || len(before) != len(after) {
		t.Fatalf("%d sectors were written and the file has %d bytes after %d", len(pages), len(after), len(before))
	}
	for k := range pages {
		first, alone, without := bytes.Clone(before), bytes.Clone(before), bytes.Clone(before)
		for i, at := range pages {
			if i < k {
				copy(first[at:at+sector], after[at:])
			}
			if i == k {
				copy(alone[at:at+sector], after[at:])
			}
			if i != k {
				copy(without[at:at+sector], after[at:])
			}
		}
		for what, content := range map[string][]byte{"first": first, "alone": alone, "without": without} {
			wantKeys(t, fmt.Sprintf("%s sector %d", what, k), content, o, "a", "b", "c")
		}
	}
	all := bytes.Clone(after)
	copy(all, before[:2*os.Getpagesize()])
	wantKeys(t, "all but the header", all, o, "a", "b", "c")
	wantKeys(t, "all", after, o, "a", "b", "c", "last")
}

func putKey(t *testing.T, s *Store, key string) {
	t.Helper()
	_, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) {
		return &store.Installation{
			ClientKey: key, SharedSecret: store.NewSecret(key), Description: strings.Repeat(key, 500),
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func wantKeys(t *testing.T, what string, content []byte, o Options, keys ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, o)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	var got []string
	for inst, err := range s.All(context.Background()) {
		if err != nil || inst.SharedSecret.Reveal() != inst.ClientKey {
			t.Fatalf("%s: %v", what, err)
		}
		got = append(got, inst.ClientKey)
	}
	if fmt.Sprint(got) != fmt.Sprint(keys) {
		t.Errorf("%s: the file has %q, want %q", what, got, keys)
	}
}

// TestCreationErrors makes each file operation fail: no file may appear, and
// no temporary one stay.
func TestCreationErrors(t *testing.T) {
	for _, op := range []string{"createTemp", "syncFile", "link", "syncDir"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "app.db")
		o := Options{InsecureNoEncryption: true}
		r, err := newRing(o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := open(path, o, r, failing{op: op})
		if s != nil || !errors.Is(err, errDisk) {
			t.Errorf("%s fails: got %v, want the error", op, err)
		}
		names, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(names) != 0 && op != "syncDir" {
			t.Errorf("%s fails: %v is left behind", op, names)
		}
		if s, err = Open(path, o); err != nil {
			t.Fatalf("after %s failed: %v", op, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

var errDisk = errors.New("the disk fails")

// failing fails in one operation.
type failing struct {
	osFiles
	op string
}

func (f failing) err(op string) error {
	if f.op == op {
		return &fs.PathError{Op: op, Path: "x", Err: errDisk}
	}
	return nil
}

func (f failing) createTemp(dir, pattern string) (string, error) {
	if err := f.err("createTemp"); err != nil {
		return "", err
	}
	return f.osFiles.createTemp(dir, pattern)
}

func (f failing) syncFile(name string) error {
	if err := f.err("syncFile"); err != nil {
		return err
	}
	return f.osFiles.syncFile(name)
}

func (f failing) link(name, newName string) error {
	if err := f.err("link"); err != nil {
		return err
	}
	return f.osFiles.link(name, newName)
}

func (f failing) syncDir(dir string) error {
	if err := f.err("syncDir"); err != nil {
		return err
	}
	return f.osFiles.syncDir(dir)
}
