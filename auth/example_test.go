package auth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/store"
)

// An app lets in what the host signed, and nobody else.
func Example() {
	tenants := store.NewMemory()
	environment, err := auth.EnvironmentNamed("production")
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: environment.KeyServers})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := auth.NewVerifier(auth.Config{
		AppKey:        "com.example.hello",
		BaseURLs:      []string{"https://app.example.com"},
		Installations: tenants,
		Keys:          keys,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	hello := verifier.Require(auth.HostRequest)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller := auth.CallerFrom(r.Context())
		fmt.Fprintf(w, "Hello %s of %s", caller.AccountID, caller.ClientKey)
	}))

	// The tenant comes from an installed event; here it is put in by hand.
	_, err = tenants.Update(context.Background(), tenant, func(*store.Installation) (*store.Installation, error) {
		return &store.Installation{ClientKey: tenant, SharedSecret: store.NewSecret(secret), State: store.Installed}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, query := range []string{"", "?jwt=" + signedByHost("GET&/hello&")} {
		answer := httptest.NewRecorder()
		hello.ServeHTTP(answer, httptest.NewRequest("GET", "https://app.example.com/hello"+query, nil))
		fmt.Println(answer.Code, answer.Body)
	}
	// Output:
	// 401 Unauthorized
	//
	// 200 Hello 557058:0b1f2c3d-aaaa of jira:5a3d0c1e-0001
}

// signedByHost is the token that the host makes for a request.
func signedByHost(canonical string) string {
	s := hostRequest(time.Now().Unix())
	s.claims.set("qsh", quoted(sumHex(canonical)))
	return s.token()
}
