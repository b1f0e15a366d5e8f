package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

var update = flag.Bool("update", false, "write the golden files anew")

// call runs the command as a shell would, in testdata.
func call(t *testing.T, stdin string, args ...string) (status int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), append([]string{"connect"}, args...), terminal{strings.NewReader(stdin), &stdout, &stderr})
	return status, stdout.String(), stderr.String()
}

func inTestdata(t *testing.T) { t.Chdir("testdata") }

// Each command with what it prints and its exit status, as they stand in
// testdata.
func TestGolden(t *testing.T) {
	inTestdata(t)
	for name, args := range map[string]string{
		"check-faulty":      "check faulty.json",
		"check-faulty-json": "check --json faulty.json",
		"check-good":        "check --key good good.json",
		"check-good-json":   "check good.json --key good --json",
		"check-confluence":  "check --product confluence --key good good.json",
		"check-broken":      "check broken.json",
		"check-no-key":      "check good.json",
		"print-no-key":      "descriptor print good.json",
		"diff-no-key":       "descriptor diff good.json next.json",
		"check-help":        "check --help",
		"print":             "descriptor print --base-url https://tunnel.example.com/ --key good --environment dev good.json",
		"print-broken":      "descriptor print broken.json",
		"diff":              "descriptor diff --key good good.json next.json",
		"diff-back":         "descriptor diff --key good next.json good.json",
		"diff-same":         "descriptor diff --key good good.json good.json",
		"diff-json":         "descriptor diff --json --key good good.json next.json",
		"diff-exit-code":    "descriptor diff --exit-code --key good good.json next.json",
		"help":              "--help",
		"no-file":           "check nowhere.json",
		"no-command":        "chekc",
		"no-subcommand":     "descriptor prnt",
		"no-flag":           "check --prodct jira",
		"no-product":        "check --product trello good.json",
		"too-many":          "check a.json b.json",
		"diff-of-one":       "descriptor diff a.json",
		"diff-of-stdin":     "descriptor diff - -",
	} {
		t.Run(name, func(t *testing.T) {
			status, out, err := call(t, "", strings.Fields(args)...)
			golden(t, name+".txt", fmt.Sprintf("$ connect %s\n%s--- beside it, and the exit status\n%s%d\n", args, out, err, status))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("golden", name)
	if *update {
		if err := os.MkdirAll("golden", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != got {
		t.Errorf("%s differs (%v); got:\n%s", file, err, got)
	}
}

// Without an argument the usual file is taken, and "-" is the standard input.
func TestSources(t *testing.T) {
	good, err := os.ReadFile("testdata/good.json")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if status, _, stderr := call(t, "", "check", "--key", "good"); status != exitFailed || !strings.Contains(stderr, "there is no atlassian-connect.json here") {
		t.Errorf("without a file: %d, %q", status, stderr)
	}
	if err := os.WriteFile(defaultFile, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := call(t, "", "check", "--key", "good"); status != 0 || !strings.HasSuffix(stderr, "is taken\natlassian-connect.json: 0 errors, 0 warnings\n") {
		t.Errorf("the usual file: %d, %q", status, stderr)
	}
	if status, _, stderr := call(t, string(good), "check", "-", "--key", "good"); status != 0 || !strings.HasSuffix(stderr, "is taken\nstandard input: 0 errors, 0 warnings\n") {
		t.Errorf("standard input: %d, %q", status, stderr)
	}
	if status, out, _ := call(t, `{"name":"`+strings.Repeat("x", descriptor.MaxSize)+`"}`, "check", "-"); status != exitErrors || !strings.Contains(out, "larger than") {
		t.Errorf("too large: %d, %q", status, out)
	}
}

// A descriptor is taken from a URL too, and from an answer of 200 alone.
func TestURL(t *testing.T) {
	good, err := os.ReadFile("testdata/good.json")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/atlassian-connect.json":
			w.Write(good)
		case "/curious":
			_, _ = w.Write([]byte(`{"key":"{{env.CONNECT_TEST_SECRET}} {{baseUrl}}"}`))
		case "/moved":
			http.Redirect(w, r, "/atlassian-connect.json", http.StatusFound)
		case "/long":
			w.Write(bytes.Repeat([]byte(" "), descriptor.MaxSize+1))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/atlassian-connect.json": {0, "0 errors, 0 warnings"},
		"/moved":                  {0, "0 errors, 0 warnings"},
		"/nowhere":                {exitFailed, "answers 404 Not Found"},
		"/long":                   {exitErrors, "larger than"},
	} {
		status, out, stderr := call(t, "", "check", server.URL+path, "--key", "good")
		if status != want.status || !strings.Contains(out+stderr, want.text) {
			t.Errorf("%s: %d, %q, %q", path, status, out, stderr)
		}
	}
	// Nor does a document from elsewhere learn what is in the environment.
	t.Setenv("CONNECT_TEST_SECRET", "hunter3")
	for _, command := range []string{"check", "descriptor print"} {
		status, out, stderr := call(t, "", append(strings.Fields(command), server.URL+"/curious")...)
		if status != exitErrors || strings.Contains(out+stderr, "hunter3") || !strings.Contains(out, "the variable env.CONNECT_TEST_SECRET has no value") {
			t.Errorf("%s: %d, %s%s", command, status, out, stderr)
		}
	}
	// Neither password nor query get into what is printed.
	secret := strings.Replace(server.URL, "http://", "HTTP://user:hunter2@", 1)
	for _, path := range []string{"/nowhere?token=abc", "/atlassian-connect.json?token=abc"} {
		for _, flag := range []string{"--json", "--key=good"} {
			_, out, stderr := call(t, "", "check", flag, secret+path)
			if text := out + stderr; strings.Contains(text, "hunter2") || strings.Contains(text, "abc") || !strings.Contains(text, "127.0.0.1") {
				t.Errorf("%s: %s", path, text)
			}
		}
	}
	server.Close()
	if _, _, stderr := call(t, "", "check", secret+"/x?token=abc"); strings.Contains(stderr, "hunter2") || strings.Contains(stderr, "abc") {
		t.Errorf("no server: %s", stderr)
	}
	if status, _, stderr := call(t, "", "check", server.URL+"/atlassian-connect.json"); status != exitFailed || !strings.Contains(stderr, "refused") {
		t.Errorf("no server: %d, %q", status, stderr)
	}
}

// What check prints as JSON can be read as findings, with their places.
func TestCheckJSON(t *testing.T) {
	inTestdata(t)
	_, out, _ := call(t, "", "check", "--json", "faulty.json")
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Product != descriptor.Jira || r.Key != "my app" || len(r.Findings) != r.Errors+r.Warnings || r.Errors == 0 || r.Warnings == 0 {
		t.Errorf("got %+v", r)
	}
	for _, f := range r.Findings {
		if f.Line == 0 || f.Column == 0 || f.Level == "" || f.Rule == "" || f.Message == "" {
			t.Errorf("got %+v", f)
		}
	}
}

// The README shows findings as the command prints them.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	inTestdata(t)
	_, out, _ := call(t, "", "check", "faulty.json")
	shown := 0
	for line := range strings.Lines(string(readme)) {
		if line, ok := strings.CutPrefix(line, "    cmd/connect/testdata/faulty.json:"); ok {
			shown++
			if !strings.Contains(out, "faulty.json:"+line) {
				t.Errorf("the command does not print %s", line)
			}
		}
	}
	if shown == 0 {
		t.Error("the README shows no findings")
	}
}

// Examples for variables do not hide that key and base URL are missing.
func TestExamplesHideNothing(t *testing.T) {
	document := `{"authentication":{"type":"jwt"},"lifecycle":{"installed":"/i"},"name":"{{key}}","links":{"self":"{{baseUrl}}/x"}}`
	status, out, stderr := call(t, document, "check", "-")
	if status != exitErrors || !strings.Contains(out, "key: is missing") || !strings.Contains(out, "baseUrl: is missing") || !strings.Contains(stderr, "without --key, example is taken") {
		t.Errorf("%d, %s%s", status, out, stderr)
	}
	status, out, stderr = call(t, `{"name":"{{baesUrl}} {{keey}}"}`, "check", "-")
	if status != exitErrors || !strings.Contains(out, "the variable baesUrl has no value") || strings.Contains(stderr, "is taken") {
		t.Errorf("%d, %s%s", status, out, stderr)
	}
}

func TestUnreadableURL(t *testing.T) {
	status, out, stderr := call(t, "", "check", "HTTPS://user:p%ss@x.example.com/d.json?jwt=abc")
	if status != exitFailed || strings.Contains(out+stderr, "p%ss") || strings.Contains(out+stderr, "abc") {
		t.Errorf("%d, %s%s", status, out, stderr)
	}
}

// A difference cannot print lines of its own either.
func TestNoForgedDifference(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new.json")
	if err := os.WriteFile(file, []byte(`{"modules":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := call(t, `{"name":"\u009b2J\u007f\u202e","modules":{"jiraIssueTypes":[{"key":"a\u001b[2J\nVersion: micro."}]}}`, "descriptor", "diff", "-", file)
	if strings.Count(out, "\nVersion") != 1 || strings.ContainsAny(out, "\x1b\x7f\u009b\u202e") {
		t.Errorf("got %q", out)
	}
}

// A document cannot print lines of its own.
func TestNoForgedLines(t *testing.T) {
	document := `{"key":"a\u001b[31m","modules":{"x\ny":[],"webPanels":[{"key":"p","url":"/p?x={a\n/etc/passwd:1:1: error: \u001b[31mforged}"}]}}`
	_, out, _ := call(t, document, "check", "-")
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "standard input:") || strings.Contains(line, "\x1b") {
			t.Errorf("got %q", line)
		}
	}
}
