package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

const (
	// defaultFile is the usual name of a descriptor.
	defaultFile = "atlassian-connect.json"
	// exampleBaseURL and exampleKey stand for what a document has variables for
	// and nobody has told.
	exampleBaseURL = "https://app.example.com"
	exampleKey     = "example"
	fetchTimeout   = 10 * time.Second
)

// source is a descriptor as it was found.
type source struct {
	// name is how messages call it.
	name string
	data []byte
	// template is how its variables are replaced.
	template descriptor.Template
}

// parse reads the document with its variables replaced.
func (s *source) parse() (*descriptor.App, error) { return s.template.Parse(s.data) }

// sourceFlags are the flags of all commands that read a descriptor.
func sourceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "base-url", Usage: "what {{baseUrl}} stands for; also the base URL of a document that has none"},
		&cli.StringFlag{Name: "key", Usage: "what {{key}} stands for, and the key of the app"},
		&cli.StringFlag{Name: "environment", Usage: `the environment, such as dev: key and name get it as a suffix`},
	}
}

// open reads a descriptor from a file, a URL or, for "-", the standard input.
func open(ctx context.Context, c *cli.Command, name string, stdin io.Reader) (*source, error) {
	data, err := read(ctx, name, stdin)
	if err != nil {
		return nil, err
	}
	s := &source{name: name, data: data, template: descriptor.Template{
		BaseURL: c.String("base-url"), Key: c.String("key"), Environment: c.String("environment"),
	}}
	if u, ok := isURL(name); ok {
		s.name = shownURL(u)
		// Whoever serves the document must not learn, or make a log show, what
		// is in the environment of this process.
		s.template.Env = func(string) (string, bool) { return "", false }
	}
	if name == "-" {
		s.name = "standard input"
	}
	return s, nil
}

// isURL reports whether a name is that of something to fetch.
func isURL(name string) (*url.URL, bool) {
	u, err := url.Parse(name)
	return u, err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// shownURL is a URL without what may be secret: the password and the query.
func shownURL(u *url.URL) string {
	shown := *u
	shown.RawQuery, shown.Fragment = "", ""
	return shown.Redacted()
}

// supposed parses the document as parse does. Where it has a variable for the
// base URL or the key that nobody has told, an example is taken, and noted.
func (s *source) supposed(note io.Writer) (*descriptor.App, error) {
	var notes []string
	t := s.template
	t.Default = func(name string) (string, bool) {
		flag, example := "--base-url", exampleBaseURL
		switch name {
		case "baseUrl", "localBaseUrl", "addon.base-url":
		case "key", "appKey", "addon.key":
			flag, example = "--key", exampleKey
		default:
			return "", false
		}
		if line := fmt.Sprintf("%s: without %s, %s is taken", s.name, flag, example); !slices.Contains(notes, line) {
			notes = append(notes, line)
		}
		return example, true
	}
	app, err := t.Parse(s.data)
	for _, line := range notes {
		if _, err := fmt.Fprintln(note, line); err != nil {
			return nil, err
		}
	}
	return app, err
}

// read takes one byte more than a descriptor may have, so that the reader sees
// that there are more.
func read(ctx context.Context, name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(io.LimitReader(stdin, descriptor.MaxSize+1))
	}
	if u, ok := isURL(name); ok {
		return fetch(ctx, u)
	}
	if scheme, _, ok := strings.Cut(name, "://"); ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		return nil, errors.New("the URL cannot be read")
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) && name == defaultFile {
		return nil, fmt.Errorf("there is no %s here: name a file or a URL", name)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, descriptor.MaxSize+1))
}

func fetch(ctx context.Context, u *url.URL) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the URL
		}
		return nil, fmt.Errorf("%s: %w", shownURL(u), err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", shownURL(u), resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, descriptor.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", shownURL(u), err)
	}
	return data, nil
}

// argument is the one argument of a command, or the usual file.
func argument(c *cli.Command) (string, error) {
	switch c.Args().Len() {
	case 0:
		return defaultFile, nil
	case 1:
		return c.Args().First(), nil
	}
	return "", fmt.Errorf("%s takes one file or URL, and got %d", c.FullName(), c.Args().Len())
}
