// Command example-app is "Stale issues", a Connect app for Jira: a page lists
// the open issues that nobody has touched for a while, and a button reminds
// people of one by a comment in the name of whoever presses it.
//
// Without any settings it starts a small Jira beside itself, installs itself
// there by its descriptor URL and prints the address to open. With BASE_URL and
// STORE_KEY it is an app that Atlassian's products can install.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/atlassian-connect-go/sdk/store/boltstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := readSettings(os.Args[1:], os.Getenv)
	if err == nil && s.demo() {
		err = demo(ctx, s, os.Stdout)
	} else if err == nil {
		err = serve(ctx, s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "example-app:", err)
		os.Exit(1)
	}
}

// serve runs the app until ctx ends.
func serve(ctx context.Context, s settings) error {
	l, err := net.Listen("tcp", s.Addr)
	if err != nil {
		return err
	}
	st, err := boltstore.Open(s.Store, boltstore.Options{Keys: s.StoreKeys})
	if err != nil {
		return err
	}
	defer st.Close()
	app, err := newApp(s, st)
	if err != nil {
		return err
	}
	return app.Serve(ctx, l)
}
