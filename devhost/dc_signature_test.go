package devhost

import (
	"net/http"
	"strings"
	"testing"
)

// The example of RFC 5849, sections 3.4.1.1 and 3.4.1.3.1: a repeated parameter,
// one without a value, one that is encoded twice, and a form in the body.
func TestBaseStringOfRFC5849(t *testing.T) {
	r, err := http.NewRequest("POST", "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b", strings.NewReader("c2&a3=2+q"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("Authorization", `OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7",`+
		` oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a", oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D"`)
	s, err := readSigned(r)
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{DataCenter: &DataCenter{}})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	want := "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D" +
		"%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1" +
		"%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
	if got := s.baseString(r.Method, h.signedBase(r), r.URL.EscapedPath()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := s.protocol["oauth_signature"], "bYT5CMsGcbgUdFHObYMEfcx6bsw="; got != want {
		t.Errorf("got signature %s, want %s", got, want)
	}
}
