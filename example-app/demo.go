package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"

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
	if err := s.listen("devhost-addr", s.DevhostAddr, jira.Start); err != nil {
		return fmt.Errorf("the small Jira: %w", err)
	}
	var l net.Listener
	if err := s.listen("addr", s.Addr, func(addr string) (err error) {
		l, err = net.Listen("tcp", addr)
		return err
	}); err != nil {
		return err
	}
	defer l.Close()
	dir, err := os.MkdirTemp("", "stale-issues-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	key := boltstore.NewKey()
	st, err := boltstore.Open(filepath.Join(dir, "stale-issues.db"), boltstore.Options{Keys: []boltstore.Key{key}})
	if err != nil {
		return err
	}
	defer st.Close()

	s.BaseURL = localURL(l)
	app, err := newApp(s.at(jira), st)
	if err != nil {
		return err
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
	s.AllowedHosts = []string{h.HostPattern()}
	s.AllJSURL = h.AllJSURL()
	s.Development = true
	return s
}

// listen listens at addr or, when something else does already and nobody asked
// for that very address, at a free port beside it.
func (s settings) listen(name, addr string, at func(string) error) error {
	err := at(addr)
	if !errors.Is(err, syscall.EADDRINUSE) || s.given[name] {
		return err
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return err
	}
	return at(net.JoinHostPort(host, "0"))
}

// localURL returns the URL of a listener for programs on this machine.
func localURL(l net.Listener) string {
	addr := l.Addr().(*net.TCPAddr)
	if addr.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", addr.Port)
	}
	return "http://" + addr.String()
}
