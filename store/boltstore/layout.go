package boltstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	bolt "go.etcd.io/bbolt"
)

// The buckets of a file. In recordsBucket a packed record stands under its
// client key. In sitesBucket an empty value stands under siteKey for every
// record. metaBucket holds the schema number, the check value, which tells the
// keys, and the totals.
const (
	metaBucket    = "meta"
	recordsBucket = "installations"
	sitesBucket   = "sites"

	schemaKey = "schema"
	checkKey  = "check"
	totalsKey = "totals"

	siteHashSize = 16 // of the 32 bytes, to keep the index small
)

// tally sums up a set: how many members, and the exclusive or of their hashes.
type tally struct {
	N   uint64 `json:"n"`
	XOR tag    `json:"xor"`
}

// MarshalText writes t in hexadecimal.
func (t tag) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, t[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (t *tag) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != tagSize {
		return errors.New("a tag is 64 hexadecimal characters")
	}
	*t = tag(raw)
	return nil
}

func (t *tally) add(member tag)    { t.N++; t.toggle(member) }
func (t *tally) remove(member tag) { t.N--; t.toggle(member) }

func (t *tally) toggle(member tag) {
	for i := range t.XOR {
		t.XOR[i] ^= member[i]
	}
}

// totals sums up the records and the index. They are written with every
// change, in its transaction, and compared when a file is opened: bbolt itself
// does not notice an entry that vanished.
type totals struct {
	Records tally `json:"records"`
	Sites   tally `json:"sites"`
}

func (r *ring) encodeTotals(t totals) ([]byte, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("boltstore: %w", err)
	}
	value, _ := r.pack(totalsKey, "", body)
	return value, nil
}

func (r *ring) decodeTotals(value []byte) (t totals, err error) {
	body, _, _, err := r.unpack(totalsKey, "", value)
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
	check, _ := r.pack(checkKey, "", nil)
	sum, err := r.encodeTotals(t)
	if err != nil {
		return err
	}
	b := tx.Bucket([]byte(metaBucket))
	for key, value := range map[string][]byte{
		schemaKey: []byte(strconv.Itoa(schema)), checkKey: check, totalsKey: sum,
	} {
		if err := b.Put([]byte(key), value); err != nil {
			return fmt.Errorf("boltstore: %w", err)
		}
	}
	return nil
}

// siteKey is the index key of a record: a hash of the base URL, which makes
// any base URL fit, and the client key, which gives the order.
func siteKey(baseURL, clientKey string) []byte {
	h := sha256.Sum256([]byte(baseURL))
	return append(h[:siteHashSize:siteHashSize], clientKey...)
}

func siteTag(key []byte) tag { return sha256.Sum256(key) }

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
