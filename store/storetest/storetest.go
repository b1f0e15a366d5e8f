// Package storetest proves that a store keeps the contract of store.Store, or
// of tokenstore.Store: RunTokens is for the latter what Run is for the former.
//
//	func TestContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store {
//			s, err := mystore.Open(filepath.Join(t.TempDir(), "app.db"))
//			if err != nil {
//				t.Fatal(err)
//			}
//			t.Cleanup(func() { _ = s.Close() })
//			return s
//		})
//	}
//
// It says most when the tests run with the race detector. Some of it is drawn
// at random: a failure prints the seed, and the environment variable
// STORETEST_SEED repeats it.
package storetest

import (
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
)

// reporter is the part of testing.T that checks use. Fatalf must end the
// goroutine that calls it.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// check is one part of the contract. It is given an empty store.
type check struct {
	name string
	run  func(r reporter, s store.Store)
}

func checks() []check {
	return []check{
		{"absence", checkAbsence},
		{"every field", checkEveryField},
		{"copies in", checkCopiesIn},
		{"copies out", checkCopiesOut},
		{"generation", checkGeneration},
		{"failed change", checkFailedChange},
		{"panic in change", checkPanic},
		{"goroutine ends in change", checkGoexit},
		{"wrong client key", checkWrongClientKey},
		{"deletion", checkDeletion},
		{"cancellation", checkCancellation},
		{"cancellation in change", checkCancellationInChange},
		{"order", checkOrder},
		{"break", checkBreak},
		{"calls in the loop", checkCallsInLoop},
		{"sites", checkSites},
		{"odd client keys", checkOddKeys},
		{"separators", checkSeparators},
		{"atomic update", checkAtomic},
		{"neighbours in one write", checkNeighbours},
		{"visibility", checkVisibility},
		{"races", checkRaces},
		{"random histories", checkHistories},
	}
}

// Run checks the stores that open returns, a new and empty one at each call.
// open ends the test when it fails, and closes what it opened by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// RunDurable does what Run does and checks that the installations are still
// there after reopen, which ends the use of s in the way that is hardest for
// it and returns another store over the same data.
func RunDurable(t *testing.T, open func(t *testing.T) store.Store, reopen func(t *testing.T, s store.Store) store.Store) {
	Run(t, open)
	t.Run("durability", func(t *testing.T) {
		checkDurability(t, open(t), func(s store.Store) store.Store { return reopen(t, s) })
	})
}
