package connecttest_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/connecttest"
	"github.com/atlassian-connect-go/sdk/devhost"
)

// An app's test installs the app in a host and asks for a page as a user would,
// then with a token that has expired.
func ExampleNewHost() {
	_ = func(t *testing.T, descriptorURL string) {
		host := connecttest.NewHost(t)
		app, err := host.Install(t.Context(), descriptorURL)
		if err != nil {
			t.Fatal(err)
		}
		page := host.PageRequest(app.AppKey, "hello", "712020:bo", devhost.Context{Issue: "DEMO-1"})
		expired := host.RequestToken(app.AppKey, http.MethodPost, app.AppBaseURL+"/hook", "").At(-time.Hour)
		hook := host.WithToken(http.MethodPost, app.AppBaseURL+"/hook", expired, []byte("{}"))
		for r, want := range map[*http.Request]int{page: http.StatusOK, hook: http.StatusUnauthorized} {
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s: got status %d, want %d", r.URL.Path, resp.StatusCode, want)
			}
		}
	}
}

// A token is edited as text is: members keep their order and may repeat.
func ExampleToken() {
	good := connecttest.Token{
		Alg: "HS256", Key: "a secret of thirty-two characters",
		Header: connecttest.Members{{Name: "typ", Value: "JWT"}, {Name: "alg", Value: "HS256"}},
		Claims: connecttest.Members{{Name: "iss", Value: "client-key"}, {Name: "exp", Value: 1800000000}},
	}
	hostile := good
	hostile.Claims = good.Claims.And("iss", "somebody else")
	for _, t := range []connecttest.Token{good, hostile} {
		claims, _ := base64.RawURLEncoding.DecodeString(strings.Split(t.String(), ".")[1])
		fmt.Println(string(claims))
	}
	// Output:
	// {"iss":"client-key","exp":1800000000}
	// {"iss":"client-key","exp":1800000000,"iss":"somebody else"}
}
