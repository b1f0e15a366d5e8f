// Package powercut is for tests: it shows what a power cut can leave behind of
// a sequence of file operations, and makes single operations fail.
package powercut

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/atlassian-connect-go/sdk/internal/durable"
)

const sector = 512

// Op is something that a disk may have done or not when the power goes.
// With barrier set it is none, but all before it concerning the file or the
// folder is on the disk from then on.
type Op struct {
	barrier bool
	folder  bool          // concerns the folder, not the content of a file
	do      func(*Image)  // for an operation
	covers  func(Op) bool // for a barrier
	inode   int
}

// Image is what is on a disk: contents, and names that lead to them.
type Image struct {
	content map[int][]byte
	names   map[string]int
}

func newImage() *Image {
	return &Image{content: make(map[int][]byte), names: make(map[string]int)}
}

// File returns the content of a file, and whether it is there.
func (d *Image) File(name string) ([]byte, bool) {
	inode, ok := d.names[name]
	return d.content[inode], ok
}

// Names returns the names in the image.
func (d *Image) Names() []string { return slices.Sorted(maps.Keys(d.names)) }

// Write writes the files of the image into a folder.
func (d *Image) Write(dir string) error {
	for name, inode := range d.names {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), d.content[inode], 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Recorder performs file operations and notes them. Its zero value is ready
// for use, and not safe for concurrent use.
type Recorder struct {
	durable.OS
	Ops    []Op
	inodes map[string]int
	last   int
}

var _ durable.Files = (*Recorder)(nil)

func (r *Recorder) folderOp(do func(*Image)) {
	r.Ops = append(r.Ops, Op{folder: true, do: do})
}

// CreateTemp implements durable.Files.
func (r *Recorder) CreateTemp(dir, pattern string) (string, error) {
	name, err := r.OS.CreateTemp(dir, pattern)
	if r.inodes == nil {
		r.inodes = make(map[string]int)
	}
	r.last++
	inode := r.last
	r.inodes[name] = inode
	r.folderOp(func(d *Image) { d.names[name] = inode })
	return name, err
}

// write notes what was written to a file so far, sector by sector: a disk may
// write them in any order.
func (r *Recorder) write(name string) error {
	content, err := os.ReadFile(name)
	inode := r.inodes[name]
	for at := 0; at < len(content); at += sector {
		piece := content[at:min(at+sector, len(content))]
		r.Ops = append(r.Ops, Op{inode: inode, do: func(d *Image) {
			if grow := at + len(piece) - len(d.content[inode]); grow > 0 {
				d.content[inode] = append(d.content[inode], make([]byte, grow)...)
			}
			copy(d.content[inode][at:], piece)
		}})
	}
	return err
}

// SyncFile implements durable.Files.
func (r *Recorder) SyncFile(name string) error {
	err := errors.Join(r.write(name), r.OS.SyncFile(name))
	inode := r.inodes[name]
	r.Ops = append(r.Ops, Op{barrier: true, covers: func(o Op) bool { return !o.folder && o.inode == inode }})
	return err
}

// Link implements durable.Files.
func (r *Recorder) Link(name, newName string) error {
	inode := r.inodes[name]
	r.folderOp(func(d *Image) { d.names[newName] = inode })
	return r.OS.Link(name, newName)
}

// Rename implements durable.Files.
func (r *Recorder) Rename(name, newName string) error {
	inode := r.inodes[name]
	r.folderOp(func(d *Image) {
		delete(d.names, name)
		d.names[newName] = inode
	})
	return r.OS.Rename(name, newName)
}

// Remove implements durable.Files.
func (r *Recorder) Remove(name string) error {
	r.folderOp(func(d *Image) { delete(d.names, name) })
	return r.OS.Remove(name)
}

// SyncDir implements durable.Files.
func (r *Recorder) SyncDir(dir string) error {
	r.Ops = append(r.Ops, Op{barrier: true, covers: func(o Op) bool { return o.folder }})
	return r.OS.SyncDir(dir)
}

// Unguarded returns the operations without the barriers between them.
func Unguarded(ops []Op) []Op {
	return slices.DeleteFunc(slices.Clone(ops), func(o Op) bool { return o.barrier })
}

// Certain returns what is on the disk after all operations, whatever happens.
func Certain(ops []Op) *Image {
	d := newImage()
	for i, o := range ops {
		if !o.barrier && covered(ops[i:], o) {
			o.do(d)
		}
	}
	return d
}

// Images calls visit with what may be on the disk when the power goes after n
// operations: whatever a barrier covers, and of the rest all, none, and every
// one alone, first or left out. Contents and names are independent, names
// among each other keep their order.
func Images(ops []Op, visit func(what string, d *Image)) {
	for n := range len(ops) + 1 {
		var open []int
		for i, o := range ops[:n] {
			if !o.barrier && !covered(ops[i:n], o) {
				open = append(open, i)
			}
		}
		for _, c := range choices(ops, open) {
			d := newImage()
			for i, o := range ops[:n] {
				if !o.barrier && (c.done[i] || covered(ops[i:n], o)) {
					o.do(d)
				}
			}
			visit(fmt.Sprintf("after %d operations, %s", n, c.name), d)
		}
	}
}

func covered(later []Op, o Op) bool {
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
func choices(ops []Op, open []int) []choice {
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

// ErrDisk is what Failing fails with.
var ErrDisk = errors.New("the disk fails")

// Failing fails in the operation that Op names, such as "SyncFile".
type Failing struct {
	durable.OS
	Op string
}

var _ durable.Files = Failing{}

func (f Failing) err(op string) error {
	if f.Op == op {
		return &fs.PathError{Op: op, Path: "x", Err: ErrDisk}
	}
	return nil
}

// CreateTemp implements durable.Files.
func (f Failing) CreateTemp(dir, pattern string) (string, error) {
	if err := f.err("CreateTemp"); err != nil {
		return "", err
	}
	return f.OS.CreateTemp(dir, pattern)
}

// SyncFile implements durable.Files.
func (f Failing) SyncFile(name string) error {
	if err := f.err("SyncFile"); err != nil {
		return err
	}
	return f.OS.SyncFile(name)
}

// Link implements durable.Files.
func (f Failing) Link(name, newName string) error {
	if err := f.err("Link"); err != nil {
		return err
	}
	return f.OS.Link(name, newName)
}

// Rename implements durable.Files.
func (f Failing) Rename(name, newName string) error {
	if err := f.err("Rename"); err != nil {
		return err
	}
	return f.OS.Rename(name, newName)
}

// SyncDir implements durable.Files.
func (f Failing) SyncDir(dir string) error {
	if err := f.err("SyncDir"); err != nil {
		return err
	}
	return f.OS.SyncDir(dir)
}
