package descriptor

import (
	"strconv"
	"strings"
)

// join appends the name of a member to a JSON path: modules.webPanels, or
// lifecycle["dare-migration"] when the name is not a plain word.
func join(path, name string) string {
	switch {
	case !isPlain(name):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// isPlain reports whether a name is a word of letters, digits and underscores
// that no digit begins.
func isPlain(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// index appends the place in an array, counted from 0, to a JSON path.
func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

var pointerUnescaper = strings.NewReplacer("~1", "/", "~0", "~")

// pathOf turns a JSON pointer, as the reader gives it, into a JSON path. A
// name of digits alone is taken for a place in an array: the pointer does not
// tell the two apart.
func pathOf(pointer string) string {
	path := ""
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		switch i, err := strconv.Atoi(token); {
		case pointer == "":
		case err == nil && i >= 0:
			path = index(path, i)
		default:
			path = join(path, pointerUnescaper.Replace(token))
		}
	}
	return path
}
