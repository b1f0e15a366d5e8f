package sdk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/atlassian-connect-go/sdk"

// allowed says which packages of ours a package may import, tests apart.
// Imports run downwards only.
var allowed = map[string][]string{
	"":                     {},
	"/internal/durable":    {},
	"/internal/handshake":  {},
	"/internal/loopback":   {},
	"/internal/posted":     {},
	"/internal/powercut":   {"/internal/durable"},
	"/internal/qsh":        {},
	"/internal/redact":     {},
	"/internal/seal":       {},
	"/internal/strictjson": {},
	"/store":               {},
	"/store/storetest":     {"/store", "/store/tokenstore"},
	"/store/tokenstore":    {"/store", "/internal/durable", "/internal/seal"},
	"/store/boltstore":     {"/store", "/store/tokenstore", "/internal/durable", "/internal/seal"},
	"/descriptor":          {"/internal/loopback"},
	"/auth":                {"/store", "/internal/loopback", "/internal/qsh", "/internal/redact", "/internal/strictjson"},
	"/lifecycle":           {"/auth", "/store", "/internal/posted", "/internal/strictjson"},
	"/hostclient":          {"/store", "/internal/loopback", "/internal/qsh", "/internal/redact"},
	"/hostclient/oauth2":   {"/hostclient", "/store", "/store/tokenstore", "/internal/handshake", "/internal/loopback"},
	"/hostclient/oauth1":   {"/hostclient", "/store", "/store/tokenstore", "/internal/handshake", "/internal/loopback", "/internal/redact"},
	"/webhook":             {"/auth", "/store", "/internal/posted", "/internal/redact"},
	"/connect":             {"/auth", "/descriptor", "/hostclient", "/lifecycle", "/store", "/webhook", "/internal/loopback", "/internal/qsh", "/internal/redact"},
	// The host signs and verifies with code of its own, so that a mistake in
	// auth cannot cancel itself out.
	"/devhost":     {"/descriptor"},
	"/connecttest": {"/devhost"},
	"/cmd/connect": {"/descriptor"},
	"/schemacheck": {"/descriptor"},
	"/example-app": {"/auth", "/connect", "/descriptor", "/devhost", "/hostclient", "/lifecycle", "/store", "/store/boltstore", "/webhook"},
}

// muxUsers are the packages that may route with gorilla/mux.
var muxUsers = []string{"/connect", "/example-app"}

func TestImportsRunDownwards(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	listed := 0
	for d := json.NewDecoder(bytes.NewReader(out)); ; listed++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		may, known := allowed[name]
		if !known {
			t.Errorf("package %s has no line in the table of imports", p.ImportPath)
		}
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
			if imported == "github.com/gorilla/mux" && !slices.Contains(muxUsers, name) {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
	if listed != len(allowed) {
		t.Errorf("got %d packages, the table has %d", listed, len(allowed))
	}
}

// The program in the README is whole: it builds as it stands there.
func TestREADMEProgram(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "```go\n")
	program, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("the README has no Go program")
	}
	if n := strings.Count(program, "\n"); n > 40 {
		t.Errorf("the README's program has %d lines, want at most 40", n)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "hello"), file).CombinedOutput(); err != nil {
		t.Errorf("the README's program does not build: %v\n%s", err, out)
	}
	if out, err := exec.Command("gofmt", "-l", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("the README's program is not formatted: %v %s", err, out)
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)\)`)

// What the documents link to is there.
func TestLinks(t *testing.T) {
	documents, err := filepath.Glob("*.md")
	if err != nil || len(documents) < 5 {
		t.Fatalf("got %q, %v", documents, err)
	}
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(match[1]); !strings.Contains(match[1], "://") && err != nil {
				t.Errorf("%s links to %s, which is not there", document, match[1])
			}
		}
	}
}
