package boltstore

import (
	"errors"
	"fmt"
	"io"

	"github.com/atlassian-connect-go/sdk/internal/seal"
)

// inspect reads a whole file, whose lock the caller holds, and proves that
// bbolt may have it: every page that can be reached is well formed, is used
// once and holds keys in order; every record, index entry and token is
// authentic, and none is missing. bbolt itself trusts its file: it would crash the process on
// some damage and lose records on other.
//
// acceptRollback accepts one invalid header page.
func inspect(f io.ReaderAt, size int64, r *ring, acceptRollback bool) (totals, error) {
	p, err := openPages(f, size, acceptRollback)
	if err != nil {
		return totals{}, err
	}
	buckets, err := p.buckets()
	if err != nil {
		return totals{}, err
	}
	want, err := inspectMeta(p, buckets, r)
	if err != nil {
		return totals{}, err
	}
	got, err := p.totals(buckets, r)
	if err != nil {
		return totals{}, err
	}
	if got != want {
		return totals{}, fmt.Errorf("%w: it has %d installations, %d index entries and %d tokens, which are not the %d, %d and %d last written",
			ErrDamaged, got.Records.N, got.Sites.N, got.Tokens.N, want.Records.N, want.Sites.N, want.Tokens.N)
	}
	return got, p.freelist()
}

// totals authenticates every record, index entry and token, and sums them up.
func (p *pages) totals(buckets map[string][]byte, r *ring) (got totals, err error) {
	authentic := func(kind string, sum *tally) func(entry) error {
		return func(e entry) error {
			_, _, t, err := r.Unpack(kind, string(e.key), e.value)
			sum.add(t)
			return err
		}
	}
	if err := p.entries(buckets[recordsBucket], authentic(recordKind, &got.Records)); err != nil {
		return totals{}, err
	}
	err = p.entries(buckets[sitesBucket], func(e entry) error {
		got.Sites.add(siteTag(e.key))
		return nil
	})
	if err != nil || buckets[tokensBucket] == nil {
		return got, err
	}
	return got, p.entries(buckets[tokensBucket], authentic(tokenKind, &got.Tokens))
}

// inspectMeta tells whose file it is, and of which schema and keys, before
// anything else is looked at.
func inspectMeta(p *pages, buckets map[string][]byte, r *ring) (totals, error) {
	meta, ok := buckets[metaBucket]
	if !ok {
		return totals{}, fmt.Errorf("%w, or it is a bbolt file of another program: it has no bucket %q", ErrDamaged, metaBucket)
	}
	values := make(map[string][]byte)
	err := p.entries(meta, func(e entry) error {
		values[string(e.key)] = append([]byte(nil), e.value...)
		return nil
	})
	if err != nil {
		return totals{}, err
	}
	if values[schemaKey] == nil {
		return totals{}, fmt.Errorf("%w, or it is a bbolt file of another program: it has no schema number", ErrDamaged)
	}
	number, err := seal.ParseSchema(values[schemaKey], schemaWithTokens)
	if err != nil {
		return totals{}, err
	}
	if _, _, _, err := r.Unpack(checkKey, "", values[checkKey]); err != nil {
		return totals{}, err
	}
	names := []string{metaBucket, recordsBucket, sitesBucket}
	if number >= schemaWithTokens {
		names = append(names, tokensBucket)
	}
	for _, name := range names {
		if buckets[name] == nil {
			return totals{}, fmt.Errorf("%w: it has no bucket %q", ErrDamaged, name)
		}
	}
	if len(buckets) > len(names) || len(values) > 3 {
		return totals{}, fmt.Errorf("%w: it holds more than this schema has", ErrDamaged)
	}
	return r.decodeTotals(values[totalsKey])
}

// buckets returns the headers of the root's buckets by name.
func (p *pages) buckets() (map[string][]byte, error) {
	found := make(map[string][]byte)
	err := p.walk(p.header.root, func(e entry) error {
		if !e.bucket {
			return fmt.Errorf("%w: a value stands outside of all buckets", ErrDamaged)
		}
		found[string(e.key)] = append([]byte(nil), e.value...)
		return nil
	})
	return found, err
}

// entries visits the entries of a bucket that holds no other buckets.
func (p *pages) entries(bucket []byte, visit func(entry) error) error {
	if len(bucket) < bucketHeaderSize {
		return fmt.Errorf("%w: the header of a bucket is cut off", ErrDamaged)
	}
	plain := func(e entry) error {
		if e.bucket {
			return fmt.Errorf("%w: a bucket stands where a value is expected", ErrDamaged)
		}
		return visit(e)
	}
	if root := byteOrder.Uint64(bucket); root != 0 {
		return p.walk(root, plain)
	}
	return inlineBucket(bucket[bucketHeaderSize:], plain)
}

// errNotBolt is what a file gives that no bbolt wrote.
var errNotBolt = errors.New("it is not a file of this package")
