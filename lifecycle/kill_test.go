package lifecycle_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
)

// The child of TestKill learns by these what to do.
const (
	childFile = "LIFECYCLE_TEST_FILE"
	childKey  = "LIFECYCLE_TEST_KEY"
	childKeys = "LIFECYCLE_TEST_KEY_SERVER"
)

func TestMain(m *testing.M) {
	if os.Getenv(childFile) != "" {
		fmt.Fprintln(os.Stderr, child())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child is an app as a process of its own: it tells its address and serves
// until it is killed, or until its parent is gone.
func child() error {
	key, err := boltstore.ParseKey(os.Getenv(childKey))
	if err != nil {
		return err
	}
	st, err := boltstore.Open(os.Getenv(childFile), boltstore.Options{Keys: []boltstore.Key{key}})
	if err != nil {
		return err
	}
	keys, err := auth.NewKeyServer(auth.KeyServerConfig{URLs: []string{os.Getenv(childKeys)}})
	if err != nil {
		return err
	}
	clock := newClock()
	verifier, err := auth.NewVerifier(auth.Config{
		AppKey: appKey, BaseURLs: []string{appURL}, Installations: st, Keys: keys, Clock: clock.time,
	})
	if err != nil {
		return err
	}
	l, err := lifecycle.New(lifecycle.Config{
		AppKey: appKey, Verifier: verifier, Store: st, Hosts: auth.HostPatterns{"*.atlassian.net"}, Clock: clock.time,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(listener, routes(l))
}

// process is a running child.
type process struct {
	cmd    *exec.Cmd
	stderr *strings.Builder
	url    string
}

func startChild(t *testing.T, file string, key boltstore.Key, keys *keyServer) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(self), stderr: new(strings.Builder)}
	p.cmd.Env = append(os.Environ(), childFile+"="+file, childKey+"="+key.Reveal(), childKeys+"="+keys.URL)
	p.cmd.Stderr = p.stderr
	if _, err := p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		t.Fatalf("the child did not start: %v\n%s", err, p.stderr)
	}
	p.url = "http://" + strings.TrimSpace(address)
	return p
}

// kill ends the child as kill -9 does.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := p.cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the child ended by itself: %v\n%s", err, p.stderr)
	}
}

// install sends installs, sixteen at a time, and returns when the last is
// answered.
func (p *process) install(t *testing.T, client *http.Client, all []request) {
	t.Helper()
	next := make(chan request)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for r := range next {
				resp, err := client.Do(r.to(p.url))
				if err != nil {
					t.Error(err)
					continue
				}
				_ = resp.Body.Close()
				if resp.StatusCode != http.StatusNoContent {
					t.Errorf("install: got %d, want 204\n%s", resp.StatusCode, p.stderr)
				}
			}
		})
	}
	for _, r := range all {
		next <- r
	}
	close(next)
	wg.Wait()
}

// TestKill kills the app right after the last 204 of 100 installs, 20 times: in
// 10 files, each killed, opened again by the next process and killed again. Every
// acknowledged installation is there.
func TestKill(t *testing.T) {
	const files, kills, installs = 10, 2, 100
	keys := newKeyServer(t)
	// Rotations of the same tenants, so that each file is written over.
	// Tokens do not cover bodies, and serve for each file.
	tokens := make([][]string, kills)
	for round := range kills {
		for i := range installs {
			e := event{kind: installed, second: round + 1, client: fmt.Sprintf("c%d", i)}
			tokens[round] = append(tokens[round], e.token())
		}
	}
	began := time.Now()
	for file := range files {
		key := boltstore.NewKey()
		path := filepath.Join(t.TempDir(), "app.db")
		for round := range kills {
			var all []request
			for i := range installs {
				e := event{kind: installed, second: round + 1, client: fmt.Sprintf("c%d", i), secret: fmt.Sprintf("f%dr%di%d", file, round, i)}
				all = append(all, request{
					method: http.MethodPost, path: "/hooks/installed", contentType: "application/json",
					token: tokens[round][i], body: e.body(),
				})
			}
			p := startChild(t, path, key, keys)
			transport := &http.Transport{MaxIdleConnsPerHost: 16}
			p.install(t, &http.Client{Transport: transport}, all)
			p.kill(t)
			transport.CloseIdleConnections()
			checkFile(t, path, key, file, round, installs)
		}
	}
	t.Logf("%d installs and %d kills in %v", files*kills*installs, files*kills, time.Since(began).Round(time.Millisecond))
}

// checkFile opens the file and looks for what was acknowledged.
func checkFile(t *testing.T, path string, key boltstore.Key, file, round, installs int) {
	t.Helper()
	st, err := boltstore.Open(path, boltstore.Options{Keys: []boltstore.Key{key}})
	if err != nil {
		t.Fatalf("file %d, after kill %d: %v", file, round+1, err)
	}
	for i := range installs {
		inst, err := st.Installation(t.Context(), fmt.Sprintf("c%d", i))
		if err != nil {
			t.Errorf("file %d, after kill %d, tenant %d: %v", file, round+1, i, err)
			continue
		}
		if got, want := life(inst), fmt.Sprintf("live f%dr%di%d", file, round, i); got != want {
			t.Errorf("file %d, after kill %d, tenant %d: got %q, want %q", file, round+1, i, got, want)
		}
	}
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}
