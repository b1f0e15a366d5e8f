package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

const (
	// defaultFile is the usual name of a descriptor.
	defaultFile = "atlassian-connect.json"
	// exampleBaseURL stands for a base URL that a document has a variable for
	// and nobody has told.
	exampleBaseURL = "https://app.example.com"
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
	if name == "-" {
		s.name = "standard input"
	}
	if s.template.BaseURL == "" && hasBaseURLVariable(data) {
		s.template.BaseURL = exampleBaseURL
	}
	return s, nil
}

func hasBaseURLVariable(data []byte) bool {
	for _, variable := range []string{"{{baseUrl}}", "{{localBaseUrl}}", "${addon.base-url}"} {
		if bytes.Contains(data, []byte(variable)) {
			return true
		}
	}
	return false
}

// read takes one byte more than a descriptor may have, so that the reader sees
// that there are more.
func read(ctx context.Context, name string, stdin io.Reader) ([]byte, error) {
	switch {
	case name == "-":
		return io.ReadAll(io.LimitReader(stdin, descriptor.MaxSize+1))
	case strings.HasPrefix(name, "http://"), strings.HasPrefix(name, "https://"):
		return fetch(ctx, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, descriptor.MaxSize+1))
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", url, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, descriptor.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", url, err)
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
