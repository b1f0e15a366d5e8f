package boltstore

import (
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// build turns an empty file into one without installations.
func build(path string, r *ring) (err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := db.Close(); err == nil {
			err = closeErr
		}
	}()
	return db.Update(func(tx *bolt.Tx) error {
		for _, name := range []string{metaBucket, recordsBucket, sitesBucket} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return fmt.Errorf("bucket %q: %w", name, err)
			}
		}
		return r.putMeta(tx, totals{})
	})
}
