package descriptor

import "strings"

// nearest is the word that differs least from another, case apart, or nothing
// if none is near: within one edit for each four letters, and at least one.
// Among equals the first is taken.
func nearest(word string, words []string) string {
	folded, best, found := strings.ToLower(word), max(1, len(word)/4)+1, ""
	if len(word) > 100 {
		return ""
	}
	for _, w := range words {
		if w == word {
			continue
		}
		if d := distance(folded, strings.ToLower(w), best); d < best {
			best, found = d, w
		}
	}
	return found
}

// distance is the number of letters to add, to drop, to change or to swap with
// their neighbour that makes b of a, or limit if it is not less.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
