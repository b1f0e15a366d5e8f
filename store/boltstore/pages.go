package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
)

// The layout of a bbolt file, version 2. Numbers have the machine's byte
// order. A page is a header of 16 bytes (its number 8, kind 2, count 2, how
// many more pages it extends over 4), then count elements of 16 bytes, then
// keys and values. A position in an element counts from the element's start.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	branchPage   = 0x01
	leafPage     = 0x02
	metaPage     = 0x04
	freelistPage = 0x10

	pageHeaderSize   = 16
	elementSize      = 16
	bucketHeaderSize = 16
	headerSum        = 56 // where a header's checksum stands
	noFreelist       = 1<<64 - 1

	minPageSize = 1 << 10
	maxPageSize = 1 << 24
	// maxDepth and maxExtent are far above what records of maxRecord bytes
	// can make; they bound what a damaged file makes inspect do.
	maxDepth  = 32
	maxExtent = 16 << 20
)

var byteOrder = binary.NativeEndian

// header is the content of page 0 or 1.
type header struct {
	id         uint64 // of the page, as it says itself
	kind       uint16
	pageSize   int64
	root, free uint64
	// end is the number of pages in use.
	end  uint64
	txid uint64
}

// pages reads the pages of a file.
type pages struct {
	f      io.ReaderAt
	header header
	used   []uint64 // a bit for every page below header.end
	bufs   [maxDepth][]byte
}

// entry is a leaf element. Its slices are valid during the visit alone.
type entry struct {
	key, value []byte
	bucket     bool
}

// openPages reads both header pages and selects the newer one.
func openPages(f io.ReaderAt, size int64, acceptRollback bool) (*pages, error) {
	if size == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrDamaged)
	}
	first, err0 := readHeader(f, 0)
	second, err1 := secondHeader(f, size, first)
	if err0 != nil && err1 != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, errNotBolt)
	}
	if !acceptRollback && (err0 != nil || err1 != nil || !paired(first, second)) {
		return nil, fmt.Errorf("%w: one of its two header pages is invalid, so its last change may be lost; see InsecureAcceptRollback", ErrDamaged)
	}
	p := &pages{f: f}
	// As bbolt selects it.
	if p.header = first; err0 != nil || err1 == nil && second.txid > first.txid {
		p.header = second
	}
	h := p.header
	if err0 == nil && h.pageSize != first.pageSize { // bbolt goes by the first
		return nil, fmt.Errorf("%w: its header pages disagree", ErrDamaged)
	}
	if h.end < 2 || h.end > uint64(size/h.pageSize) {
		return nil, fmt.Errorf("%w: it is cut off: %d bytes are left of %d pages of %d bytes", ErrDamaged, size, h.end, h.pageSize)
	}
	p.used = make([]uint64, h.end/64+1)
	p.used[0] = 0b11 // the header pages
	return p, nil
}

// paired tells whether two headers are in their places. One in the place of
// the other one would hide the newer of the two.
func paired(first, second header) bool {
	return first.id == 0 && second.id == 1 && first.kind == metaPage && second.kind == metaPage &&
		first.txid != second.txid && first.pageSize == second.pageSize
}

// secondHeader reads the header of page 1, whose place is known when the one
// of page 0 is valid.
func secondHeader(f io.ReaderAt, size int64, first header) (header, error) {
	if first.pageSize != 0 {
		return readHeader(f, first.pageSize)
	}
	for at := int64(minPageSize); at <= maxPageSize && at < size; at *= 2 {
		if h, err := readHeader(f, at); err == nil && h.pageSize == at {
			return h, nil
		}
	}
	return header{}, errNotBolt
}

// readHeader reads a header and finds valid what bbolt does.
func readHeader(f io.ReaderAt, at int64) (header, error) {
	var page [pageHeaderSize + headerSum + 8]byte
	if _, err := f.ReadAt(page[:], at); err != nil {
		return header{}, err
	}
	b := page[pageHeaderSize:]
	sum := fnv.New64a()
	_, _ = sum.Write(b[:headerSum]) // a hash never fails
	if byteOrder.Uint32(b) != boltMagic || byteOrder.Uint32(b[4:]) != boltVersion ||
		byteOrder.Uint64(b[headerSum:]) != sum.Sum64() {
		return header{}, errNotBolt
	}
	h := header{
		id:       byteOrder.Uint64(page[:]),
		kind:     byteOrder.Uint16(page[8:]),
		pageSize: int64(byteOrder.Uint32(b[8:])),
		root:     byteOrder.Uint64(b[16:]),
		free:     byteOrder.Uint64(b[32:]),
		end:      byteOrder.Uint64(b[40:]),
		txid:     byteOrder.Uint64(b[48:]),
	}
	if h.pageSize < minPageSize || h.pageSize > maxPageSize || h.pageSize&(h.pageSize-1) != 0 {
		return header{}, errNotBolt
	}
	return h, nil
}

// page reads a page with all it extends over, which must not be in use yet
// and not be larger than limit, into the buffer of the depth.
func (p *pages) page(id uint64, depth int, limit uint64) ([]byte, error) {
	if depth >= maxDepth {
		return nil, fmt.Errorf("%w: its pages are nested too deeply", ErrDamaged)
	}
	if id >= p.header.end {
		return nil, fmt.Errorf("%w: it refers to page %d of %d", ErrDamaged, id, p.header.end)
	}
	one := int(p.header.pageSize)
	p.bufs[depth] = slices.Grow(p.bufs[depth][:0], one)[:one]
	if err := p.read(p.bufs[depth], id, 0); err != nil {
		return nil, err
	}
	n := uint64(byteOrder.Uint32(p.bufs[depth][12:])) + 1
	if byteOrder.Uint64(p.bufs[depth]) != id || n > p.header.end-id || n*uint64(one) > limit {
		return nil, fmt.Errorf("%w: page %d has an invalid head", ErrDamaged, id)
	}
	for i := id; i < id+n; i++ {
		if err := p.use(i); err != nil {
			return nil, err
		}
	}
	size := int(n) * one
	p.bufs[depth] = slices.Grow(p.bufs[depth], size-one)[:size]
	return p.bufs[depth], p.read(p.bufs[depth][one:], id, one)
}

// read fills buf with what stands at an offset in a page.
func (p *pages) read(buf []byte, id uint64, offset int) error {
	if len(buf) == 0 {
		return nil
	}
	if _, err := p.f.ReadAt(buf, int64(id)*p.header.pageSize+int64(offset)); err != nil {
		return fmt.Errorf("%w: page %d cannot be read: %w", ErrDamaged, id, err)
	}
	return nil
}

// use marks a page and fails if it was marked before.
func (p *pages) use(id uint64) error {
	bit := uint64(1) << (id % 64)
	if p.used[id/64]&bit != 0 {
		return fmt.Errorf("%w: page %d is used twice", ErrDamaged, id)
	}
	p.used[id/64] |= bit
	return nil
}

// walk visits, in order, the leaf elements below a root page.
func (p *pages) walk(root uint64, visit func(entry) error) error {
	return p.subtree(root, 0, nil, nil, visit)
}

// subtree does so for a page whose keys must be at least low and below high,
// where nil is no bound.
func (p *pages) subtree(id uint64, depth int, low, high []byte, visit func(entry) error) error {
	page, err := p.page(id, depth, max(maxExtent, uint64(p.header.pageSize)))
	if err != nil {
		return err
	}
	switch byteOrder.Uint16(page[8:]) {
	case leafPage:
		return leaf(page, low, high, visit)
	case branchPage:
		return p.branch(page, depth, low, high, visit)
	}
	return fmt.Errorf("%w: page %d is neither branch nor leaf", ErrDamaged, id)
}

func (p *pages) branch(page []byte, depth int, low, high []byte, visit func(entry) error) error {
	count := int(byteOrder.Uint16(page[10:]))
	if count == 0 {
		return fmt.Errorf("%w: a branch page is empty", ErrDamaged)
	}
	key, err := element(page, 0, count)
	if err != nil {
		return err
	}
	for i := range count {
		child := byteOrder.Uint64(page[pageHeaderSize+i*elementSize+8:])
		next := high
		if i+1 < count {
			if next, err = element(page, i+1, count); err != nil {
				return err
			}
		}
		if !inOrder(low, key, next) {
			return fmt.Errorf("%w: the keys of a branch page are out of order", ErrDamaged)
		}
		if err := p.subtree(child, depth+1, key, next, visit); err != nil {
			return err
		}
		low, key = key, next
	}
	return nil
}

// element returns the key of a branch page's element.
func element(page []byte, i, count int) ([]byte, error) {
	at := pageHeaderSize + i*elementSize
	if at+elementSize > len(page) {
		return nil, fmt.Errorf("%w: a branch page has too many elements", ErrDamaged)
	}
	pos, size := byteOrder.Uint32(page[at:]), byteOrder.Uint32(page[at+4:])
	return slice(page, at, count, uint64(pos), uint64(size))
}

// leaf visits the elements of a leaf page.
func leaf(page, low, high []byte, visit func(entry) error) error {
	count := int(byteOrder.Uint16(page[10:]))
	var last []byte
	for i := range count {
		at := pageHeaderSize + i*elementSize
		if at+elementSize > len(page) {
			return fmt.Errorf("%w: a leaf page has too many elements", ErrDamaged)
		}
		b := page[at:]
		flags, pos := byteOrder.Uint32(b), uint64(byteOrder.Uint32(b[4:]))
		keySize, valueSize := uint64(byteOrder.Uint32(b[8:])), uint64(byteOrder.Uint32(b[12:]))
		data, err := slice(page, at, count, pos, keySize+valueSize)
		if err != nil {
			return err
		}
		key := data[:keySize]
		if flags > 1 || keySize == 0 || !inOrder(low, key, high) || i > 0 && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("%w: a leaf page has an invalid element", ErrDamaged)
		}
		if err := visit(entry{key: key, value: data[keySize:], bucket: flags == 1}); err != nil {
			return err
		}
		last = key
	}
	return nil
}

// slice returns the size bytes at pos behind the element that begins at at;
// they must be behind all count elements and within the page.
func slice(page []byte, at, count int, pos, size uint64) ([]byte, error) {
	start := uint64(at) + pos
	if start < uint64(pageHeaderSize+count*elementSize) || start+size > uint64(len(page)) {
		return nil, fmt.Errorf("%w: a page refers to bytes outside of it", ErrDamaged)
	}
	return page[start : start+size], nil
}

// inOrder reports whether low <= key < high, where nil is no bound.
func inOrder(low, key, high []byte) bool {
	return (low == nil || bytes.Compare(low, key) <= 0) && (high == nil || bytes.Compare(key, high) < 0)
}

// inlineBucket visits the entries of a small bucket, whose only page stands in
// its header's value.
func inlineBucket(page []byte, visit func(entry) error) error {
	if len(page) < pageHeaderSize || byteOrder.Uint16(page[8:]) != leafPage {
		return fmt.Errorf("%w: an inline bucket is invalid", ErrDamaged)
	}
	return leaf(page, nil, nil, visit)
}

// freelist checks that no page in use is listed as free, and none twice:
// bbolt would write over it. It comes last, after all pages in use are marked.
func (p *pages) freelist() error {
	if p.header.free == noFreelist {
		return nil
	}
	pageSize := uint64(p.header.pageSize)
	page, err := p.page(p.header.free, 0, 8*p.header.end+4*pageSize)
	if err != nil {
		return err
	}
	if byteOrder.Uint16(page[8:]) != freelistPage {
		return fmt.Errorf("%w: the list of free pages is not where it should be", ErrDamaged)
	}
	list := page[pageHeaderSize:]
	count := uint64(byteOrder.Uint16(page[10:]))
	if count == 0xFFFF {
		count, list = byteOrder.Uint64(list), list[8:]
	}
	if count > uint64(len(list)/8) {
		return fmt.Errorf("%w: the list of free pages is cut off", ErrDamaged)
	}
	for i := range count {
		id := byteOrder.Uint64(list[8*i:])
		if id >= p.header.end {
			return fmt.Errorf("%w: page %d of %d is listed as free", ErrDamaged, id, p.header.end)
		}
		if err := p.use(id); err != nil {
			return err
		}
	}
	return nil
}
