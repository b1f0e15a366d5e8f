package devhost_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"

	"github.com/atlassian-connect-go/sdk/devhost"
)

// A Data Center knows its users by name, and takes their personal access tokens.
func ExampleDataCenter() {
	host, err := devhost.New(devhost.Config{
		DataCenter: &devhost.DataCenter{ContextPath: "/jira"},
		Users:      []devhost.User{{DisplayName: "Bo Lindqvist", Username: "bo", Password: "secret"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer host.Close()
	if err := host.Start("127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	token, err := host.AddPAT("bo", "ci", 30)
	if err != nil {
		log.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, host.BaseURL()+"/rest/api/2/myself", nil)
	if err != nil {
		log.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var me struct{ Name, DisplayName string }
	if err := json.NewDecoder(resp.Body).Decode(&me); err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode, me.Name, me.DisplayName)
	// Output: 200 bo Bo Lindqvist
}
