package hostclient_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// exampleJira is a host that runs until it is closed.
func exampleJira(config devhost.Config) *devhost.Host {
	host, err := devhost.New(config)
	if err != nil {
		log.Fatal(err)
	}
	if err := host.Start("127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	return host
}

// A script of one's own calls a Cloud site with an API token.
func ExampleNewAPIToken() {
	host := exampleJira(devhost.Config{})
	defer host.Close()
	token, err := host.AddAPIToken(devhost.APIToken{AccountID: "712020:bo"})
	if err != nil {
		log.Fatal(err)
	}

	site, err := hostclient.CloudSite(host.BaseURL()) // https://acme.atlassian.net
	if err != nil {
		log.Fatal(err)
	}
	credential, err := hostclient.NewAPIToken(site, "bo@example.com", store.NewSecret(token))
	if err != nil {
		log.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		log.Fatal(err)
	}
	me, err := hostclient.Get[struct{ DisplayName string }](context.Background(), hosts.Client(credential), "/rest/api/3/myself")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(me.DisplayName)

	// Behind the gateway the same token is refused before anything is sent.
	gateway, err := hostclient.Gateway(hostclient.Jira, host.CloudID())
	if err != nil {
		log.Fatal(err)
	}
	_, err = hostclient.NewAPIToken(gateway, "bo@example.com", store.NewSecret(token))
	fmt.Println(errors.Is(err, hostclient.ErrSite))
	// Output:
	// Bo Lindqvist
	// true
}

// A program calls a Data Center with a personal access token.
func ExampleNewPAT() {
	host := exampleJira(devhost.Config{DataCenter: &devhost.DataCenter{ContextPath: "/jira"}})
	defer host.Close()
	token, err := host.AddPAT("bo", "nightly", 30)
	if err != nil {
		log.Fatal(err)
	}

	site, err := hostclient.DataCenter(host.BaseURL()) // https://jira.example.com/jira
	if err != nil {
		log.Fatal(err)
	}
	credential, err := hostclient.NewPAT(site, store.NewSecret(token))
	if err != nil {
		log.Fatal(err)
	}
	hosts, err := hostclient.NewHosts(hostclient.Config{})
	if err != nil {
		log.Fatal(err)
	}
	me, err := hostclient.Get[struct{ DisplayName string }](context.Background(), hosts.Client(credential), "/rest/api/2/myself")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(me.DisplayName)
	// Output: Bo Lindqvist
}
