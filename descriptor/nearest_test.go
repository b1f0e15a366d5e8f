package descriptor

import "testing"

func TestNearest(t *testing.T) {
	words := []string{"generalPages", "webPanels", "webItems", "url", "key"}
	for word, want := range map[string]string{
		"generalPage": "generalPages", "genralPages": "generalPages", "GENERALPAGES": "generalPages", "geenralPages": "generalPages",
		"webPanel": "webPanels", "webItem": "webItems", "web": "", "Url": "url", "uri": "url", "ulr": "url", "kye": "key", "keys": "key",
		"": "", "something": "", "generalpagesandmore": "", "u": "",
	} {
		if got := nearest(word, words); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
	}
	if got := nearest("url", words); got != "" {
		t.Errorf("the word itself: got %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abcd", "acbd", 1}, {"abc", "cab", 2}, {"same", "same", 0},
	} {
		for _, pair := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got := distance(pair[0], pair[1], 10); got != tt.want {
				t.Errorf("%q, %q: got %d, want %d", pair[0], pair[1], got, tt.want)
			}
			if got := distance(pair[0], pair[1], 1); got != min(tt.want, 1) {
				t.Errorf("%q, %q with a limit: got %d", pair[0], pair[1], got)
			}
		}
	}
}
