package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
)

// demo runs the app with a small Jira beside it, where it is installed by its
// descriptor URL, until ctx ends.
func demo(ctx context.Context, s settings, out io.Writer) error {
	jira, err := devhost.New(devhost.Config{})
	if err != nil {
		return err
	}
	defer jira.Close()
	if err := listenNear(s.DevhostAddr, jira.Start); err != nil {
		return fmt.Errorf("the small Jira: %w", err)
	}
	var l net.Listener
	if err := listenNear(s.Addr, func(addr string) (err error) {
		l, err = net.Listen("tcp", addr)
		return err
	}); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "stale-issues-")
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer os.RemoveAll(dir)
	key := boltstore.NewKey()
	st, err := boltstore.Open(filepath.Join(dir, "stale-issues.db"), boltstore.Options{Keys: []boltstore.Key{key}})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer st.Close()

	s.BaseURL = "http://" + l.Addr().String()
	app, err := newApp(s.at(jira), st)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- app.Serve(ctx, l) }()
	if _, err := jira.Install(ctx, s.BaseURL+connect.DescriptorPath); err != nil {
		stop()
		return errors.Join(err, <-ended)
	}
	fmt.Fprintf(out, "\n  Stale issues is installed in a small Jira on this machine.\n\n"+
		"  Open   %s\n  App    %s\n  Stop   Ctrl+C\n\n", jira.URL(), s.BaseURL)
	return <-ended
}

// at points the settings at the host in place of Atlassian's.
func (s settings) at(h *devhost.Host) settings {
	s.KeysURLs = []string{h.KeyServerURL()}
	s.AuthServer = h.AuthorizationServerURL()
	s.AllowedHosts = []string{hostPort(h.URL())}
	s.AllJSURL = h.AllJSURL()
	s.Development = true
	return s
}

// listenNear listens at addr or, when something else does already, at a free
// port beside it.
func listenNear(addr string, listen func(string) error) error {
	first := listen(addr)
	if first == nil {
		return nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return first
	}
	if listen(net.JoinHostPort(host, "0")) != nil {
		return first
	}
	return nil
}

func hostPort(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Host
}
