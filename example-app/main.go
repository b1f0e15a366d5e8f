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
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl+C does not wait
	s, err := readSettings(os.Args[1:], os.Getenv)
	switch help, ok := err.(errHelp); {
	case ok:
		fmt.Print(help.text)
		return
	case err == nil && s.demo():
		err = demo(ctx, s, os.Stdout)
	case err == nil:
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
	defer l.Close()
	st, err := boltstore.Open(s.Store, boltstore.Options{Keys: s.StoreKeys})
	if err != nil {
		return err
	}
	defer st.Close()
	app, err := newApp(s, st)
	if err != nil {
		return err
	}
	go purgeDaily(ctx, app)
	return app.Serve(ctx, l)
}

// purgeDaily deletes the tenants that uninstalled the app long ago.
func purgeDaily(ctx context.Context, app *connect.App) {
	for {
		if n, err := app.Purge(ctx); n > 0 || err != nil {
			slog.Info("purged", slog.Int("tenants", n), slog.Any("error", err))
		}
		select {
		case <-time.After(24 * time.Hour):
		case <-ctx.Done():
			return
		}
	}
}
