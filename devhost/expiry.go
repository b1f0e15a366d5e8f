package devhost

import "maps"

// fading is a map of things that end by themselves. What has ended is dropped as
// new ones come, which costs a constant time for each on average. The lock is its
// owner's. The zero value is empty.
type fading[V any] struct {
	all  map[string]V
	full int // how many there may be before they are looked through
}

// put adds one thing, or replaces it. over says which have ended.
func (f *fading[V]) put(id string, v V, over func(V) bool) {
	if len(f.all) >= f.full {
		f.drop(over)
		f.full = 2*len(f.all) + 64
	}
	if f.all == nil {
		f.all = make(map[string]V)
	}
	f.all[id] = v
}

// drop removes all that match.
func (f *fading[V]) drop(match func(V) bool) {
	maps.DeleteFunc(f.all, func(_ string, v V) bool { return match(v) })
}
