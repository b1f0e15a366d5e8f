package connecttest_test

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/atlassian-connect-go/sdk/connecttest"
)

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
