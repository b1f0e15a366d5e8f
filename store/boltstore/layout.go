package boltstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"

	bolt "go.etcd.io/bbolt"

	"github.com/atlassian-connect-go/sdk/internal/seal"
)

// The buckets of a file. In recordsBucket a packed record stands under its
// client key, and in tokensBucket a packed token under its key. In sitesBucket
// an empty value stands under siteKey for every record. metaBucket holds the
// schema number, the check value, which tells the keys, and the totals.
//
// A file gets tokensBucket with its first token, and the schema number that
// goes with it: versions of this package that do not know tokens open files
// without any, and refuse others as newer than they are.
const (
	metaBucket    = "meta"
	recordsBucket = "installations"
	sitesBucket   = "sites"
	tokensBucket  = "tokens"

	schemaKey = "schema"
	checkKey  = "check"
	totalsKey = "totals"

	schemaWithoutTokens = 1
	schemaWithTokens    = 2

	siteHashSize = 16 // of the 32 bytes, to keep the index small
)

// tally sums up a set: how many members, and the exclusive or of their hashes.
type tally struct {
	N   uint64   `json:"n"`
	XOR seal.Tag `json:"xor"`
}

func (t *tally) add(member seal.Tag)    { t.N++; t.toggle(member) }
func (t *tally) remove(member seal.Tag) { t.N--; t.toggle(member) }

func (t *tally) toggle(member seal.Tag) {
	for i := range t.XOR {
		t.XOR[i] ^= member[i]
	}
}

// totals sums up the records, the index and the tokens. They are written with
// every change, in its transaction, and compared when a file is opened: bbolt
// itself does not notice an entry that vanished.
type totals struct {
	Records tally `json:"records"`
	Sites   tally `json:"sites"`
	Tokens  tally `json:"tokens,omitzero"`
}

func (r *ring) encodeTotals(t totals) ([]byte, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("boltstore: %w", err)
	}
	value, _ := r.Pack(totalsKey, "", body)
	return value, nil
}

func (r *ring) decodeTotals(value []byte) (t totals, err error) {
	body, _, _, err := r.Unpack(totalsKey, "", value)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(body, &t); err != nil {
		return t, fmt.Errorf("%w: the totals do not parse: %v", ErrDamaged, err)
	}
	return t, nil
}

// putMeta writes the meta bucket's entries under the first key.
func (r *ring) putMeta(tx *bolt.Tx, t totals) error {
	check, _ := r.Pack(checkKey, "", nil)
	sum, err := r.encodeTotals(t)
	if err != nil {
		return err
	}
	number := schemaWithoutTokens
	if tx.Bucket([]byte(tokensBucket)) != nil {
		number = schemaWithTokens
	}
	b := tx.Bucket([]byte(metaBucket))
	for key, value := range map[string][]byte{
		schemaKey: []byte(strconv.Itoa(number)), checkKey: check, totalsKey: sum,
	} {
		if err := b.Put([]byte(key), value); err != nil {
			return fmt.Errorf("boltstore: %w", err)
		}
	}
	return nil
}

// makeTokens returns the bucket of the tokens, and makes it with the first one.
func makeTokens(tx *bolt.Tx) (*bolt.Bucket, error) {
	if b := tx.Bucket([]byte(tokensBucket)); b != nil {
		return b, nil
	}
	b, err := tx.CreateBucket([]byte(tokensBucket))
	if err != nil {
		return nil, err
	}
	return b, tx.Bucket([]byte(metaBucket)).Put([]byte(schemaKey), []byte(strconv.Itoa(schemaWithTokens)))
}

// siteKey is the index key of a record: a hash of the base URL, which makes
// any base URL fit, and the client key, which gives the order.
func siteKey(baseURL, clientKey string) []byte {
	h := sha256.Sum256([]byte(baseURL))
	return append(h[:siteHashSize:siteHashSize], clientKey...)
}

func siteTag(key []byte) seal.Tag { return sha256.Sum256(key) }

// clientKeys returns the client keys at a base URL.
func clientKeys(tx *bolt.Tx, baseURL string) []string {
	prefix := siteKey(baseURL, "")
	var keys []string
	c := tx.Bucket([]byte(sitesBucket)).Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		keys = append(keys, string(k[len(prefix):]))
	}
	return keys
}
