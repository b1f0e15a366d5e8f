package redact

import "strings"

// kind says how surely a name stands for a credential.
type kind int

const (
	ordinary kind = iota
	// weak names are words that also stand in ordinary text: their value is
	// one only behind an equals sign or in JSON.
	weak
	strong
	// opaque values, of the header of a session, are all that follows.
	opaque
	// authorization is a header whose value goes on to the end of the line.
	authorization
)

// strongNames stand for nothing but a credential, also at the end of a longer
// name, in any letters and with or without hyphens and underscores.
var strongNames = []string{
	"accesstoken", "refreshtoken", "idtoken", "clientsecret", "sharedsecret", "previoussecret", "storekey", "privatekey", "password",
}

// named replaces the values behind the names of credentials. It looks at each
// colon and equals sign once: expressions would take ten times as long for the
// same, and a stranger may choose the text.
func named(s string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		if s[i] != ':' && s[i] != '=' {
			continue
		}
		k, inQuotes := nameBefore(s[done:i])
		if k == ordinary {
			continue
		}
		if from, to := valueBehind(s, i, k, inQuotes); from < to {
			b.WriteString(s[done:from])
			b.WriteString(Mark)
			done, i = to, to-1
		}
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// nameBefore says what kind of name text ends with, and whether it is quoted.
func nameBefore(text string) (k kind, inQuotes bool) {
	const longest = 40 // of the names and what may stand in front of them
	text = strings.TrimRight(text, " \t\r\n")
	bare := strings.TrimRight(text, `"\`)
	inQuotes = len(bare) < len(text)
	if len(bare) > longest {
		bare = bare[len(bare)-longest:]
	}
	name := bare[strings.LastIndexFunc(bare, func(r rune) bool { return !nameLetter(r) })+1:]
	name = strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
	switch {
	case name == "jwt" || name == "assertion" || name == "code":
		return weak, inQuotes
	case strings.HasSuffix(name, "acpt"):
		return opaque, inQuotes
	case strings.HasSuffix(name, "authorization"):
		return authorization, inQuotes
	}
	for _, n := range strongNames {
		if strings.HasSuffix(name, n) {
			return strong, inQuotes
		}
	}
	return ordinary, inQuotes
}

func nameLetter(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-'
}

// valueBehind returns where the credential behind the separator at i begins and
// ends; nothing when there is none.
func valueBehind(s string, i int, k kind, inQuotes bool) (from, to int) {
	from = skip(s, i+1, " \t\r\n")
	spaced := from > i+1
	if k == authorization {
		return headerValue(s, i+1)
	}
	open := from
	if open < len(s) && s[open] == '[' {
		open++
	}
	if quote := skip(s, open, `\`); quote < len(s) && s[quote] == '"' {
		if k == weak && !(inQuotes && s[i] == ':') {
			return 0, 0
		}
		return quote + 1, closing(s, quote+1, quote-open)
	}
	switch {
	case k == weak && (s[i] == ':' || spaced):
		return 0, 0
	case k == strong && spaced:
		const least = 16 // a shorter one may be a word
		if to = run(s, from); to-from < least {
			return 0, 0
		}
		return from, to
	}
	return from, bareEnd(s, from)
}

// skip returns the first place from i on that has none of the bytes.
func skip(s string, i int, bytes string) int {
	for i < len(s) && strings.IndexByte(bytes, s[i]) >= 0 {
		i++
	}
	return i
}

// run returns where what looks like one key ends.
func run(s string, i int) int {
	for i < len(s) && (nameLetter(rune(s[i])) || strings.IndexByte("._~+/=", s[i]) >= 0) {
		i++
	}
	return i
}

// closing returns the end of a quoted value: the quote that has as many
// backslashes as the one that opened it, or a number that makes them and
// escaped backslashes of the value.
func closing(s string, i, escapes int) int {
	for i < len(s) {
		quote := skip(s, i, `\`)
		if n := quote - i; quote < len(s) && s[quote] == '"' && (n < escapes || (n-escapes)%(2*(escapes+1)) == 0) {
			return quote - min(n, escapes)
		}
		i = quote + 1
	}
	return len(s)
}

// bareEnd returns the end of a value without quotes, which may be a list as %v
// prints it.
func bareEnd(s string, i int) int {
	ends := " \t\r\n&\"'\\"
	if i < len(s) && s[i] == '[' {
		ends = "\r\n]"
	}
	end := strings.IndexAny(s[i:], ends)
	switch {
	case end < 0:
		return len(s)
	case s[i+end] == ']':
		return i + end + 1
	}
	return i + end
}

// headerValue returns the credential of an Authorization header that begins at
// i: all but the scheme up to the end of the line or a quote.
func headerValue(s string, i int) (from, to int) {
	from = skip(s, i, " \t")
	open := from
	if open < len(s) && s[open] == '[' {
		open++
	}
	quote := skip(s, open, `\`)
	if quote < len(s) && (s[quote] == '"' || s[quote] == '\'') {
		from, open = quote+1, quote+1
	}
	scheme := run(s, open)
	switch strings.ToLower(s[open:scheme]) {
	case "jwt", "bearer", "basic", "digest":
		if behind := skip(s, scheme, " \t"); behind > scheme {
			from = behind
		}
	}
	end := strings.IndexAny(s[from:], "\r\n\"'")
	if end < 0 {
		return from, len(s)
	}
	return from, from + len(strings.TrimRight(s[from:from+end], `\`))
}
