package main

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strconv"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// spot is a value in a document.
type spot struct {
	document *document
	path     path
	value    any
}

// mutation is a kind of change. It gives the new value of a spot, and words for
// what is new when the kind alone does not say it.
type mutation struct {
	// times is how often it is made at a place.
	times int
	words string
	// fits reports whether the change can be made at a spot.
	fits   func(spot) bool
	change func(m *mutator, s spot) (to any, words string)
}

// change is a document with a change, or without one.
type change struct {
	document *document
	product  descriptor.Product
	words    string
	spot     spot
}

// mutator makes changes.
type mutator struct {
	random *rand.Rand
	// places are the spots of all documents by place, in the order of places.
	places [][]spot
	// byPlace finds them.
	byPlace map[string][]spot
	// types are the types of objects by the name of the member that holds
	// them.
	types map[string][]spot
}

func newMutator(documents []*document, random *rand.Rand) *mutator {
	m := &mutator{random: random, byPlace: map[string][]spot{}, types: map[string][]spot{}}
	for _, d := range documents {
		walk(d.modules, nil, func(p path, v any) {
			s, place := spot{d, p, v}, p.place()
			m.byPlace[place] = append(m.byPlace[place], s)
			if isType(s) {
				m.types[p.holder()] = append(m.types[p.holder()], s)
			}
		})
	}
	for _, place := range slices.Sorted(maps.Keys(m.byPlace)) {
		m.places = append(m.places, m.byPlace[place])
	}
	return m
}

// changes makes every kind of change at every place where it can be made, in
// one of the documents.
func (m *mutator) changes() []change {
	var all []change
	for _, kind := range mutations {
		for _, spots := range m.places {
			fit := slices.DeleteFunc(slices.Clone(spots), func(s spot) bool { return !kind.fits(s) })
			for range kind.times {
				if c, ok := m.try(kind, fit); ok {
					all = append(all, c)
				}
			}
		}
	}
	return all
}

// try makes a change at one of the spots. One that leaves the document as it was
// is drawn again, a few times.
func (m *mutator) try(kind mutation, spots []spot) (change, bool) {
	for range 10 {
		if len(spots) == 0 {
			break
		}
		s := pick(m, spots)
		product := pick(m, s.document.products)
		to, words := kind.change(m, s)
		if reflect.DeepEqual(to, s.value) {
			continue
		}
		if words != "" {
			words = ": " + words
		}
		return s.become(to, product, kind.words+words), true
	}
	return change{}, false
}

// become gives the document of a spot with another value there.
func (s spot) become(to any, product descriptor.Product, words string) change {
	modules := replace(s.document.modules, s.path, to).(map[string]any)
	return change{s.document.with(modules), product, words, s}
}

func pick[T any](m *mutator, from []T) T { return from[m.random.IntN(len(from))] }

// limitPattern is how findings name the limit of a text or a list.
var limitPattern = regexp.MustCompile(`^has \d+ (?:characters|items), at most (\d+) are allowed$`)

// atLimits gives further changes where the package found something too long: of
// just the length that it names, and of one more. A schema with another limit
// contradicts one of them.
func atLimits(changes []change, lines []line) []change {
	var all []change
	for i, c := range changes {
		for _, f := range lines[i].Findings {
			found := limitPattern.FindStringSubmatch(f.Message)
			if found == nil || f.Path != lines[i].Path {
				continue
			}
			limit, err := strconv.Atoi(found[1])
			if err != nil {
				continue
			}
			// Characters are counted, not bytes and not halves of UTF-16.
			for _, filler := range "x😀" {
				all = append(all,
					c.spot.become(stretched(c.spot.value, limit, filler), c.product, "as long as the limit"),
					c.spot.become(stretched(c.spot.value, limit+1, filler), c.product, "longer than the limit"))
			}
		}
	}
	return all
}

// stretched gives a text or a list so many characters or items.
func stretched(v any, length int, filler rune) any {
	if list, ok := v.([]any); ok {
		return slices.Repeat(list[:1], length)
	}
	text := []rune(v.(string))
	for len(text) < length {
		text = append(text, filler)
	}
	return string(text[:length])
}
