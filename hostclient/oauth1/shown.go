package oauth1

import (
	"strings"
	"unicode"

	"github.com/atlassian-connect-go/sdk/internal/redact"
)

// shown makes text of others fit for a message: one line of at most limit bytes.
func shown(text string, limit int) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD")))
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return redact.Text(text)
}
