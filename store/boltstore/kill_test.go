package boltstore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/boltstore"
)

// childFile is the environment variable that makes the test binary a process
// that stores installations and tokens in the file it names until it is
// killed.
const childFile = "BOLTSTORE_TEST_INSTALL"

const childKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

func TestMain(m *testing.M) {
	if path, prefix, ok := strings.Cut(os.Getenv(childFile), "|"); ok {
		installForever(path, prefix)
	}
	os.Exit(m.Run())
}

// installForever is the process that TestKill starts.
func installForever(path, prefix string) {
	k, err := boltstore.ParseKey(childKey)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	s, err := boltstore.Open(path, boltstore.Options{Keys: []boltstore.Key{k}})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	for worker := range 4 {
		go func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%s-%d-%d", prefix, worker, n)
				_, err := s.Update(context.Background(), key, func(*store.Installation) (*store.Installation, error) {
					return &store.Installation{ClientKey: key, SharedSecret: store.NewSecret("secret of " + key)}, nil
				})
				if err == nil {
					_, err = s.Tokens().CompareAndSwap(context.Background(), key, nil, testToken(key))
				}
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				fmt.Println("installed", key)
			}
		}()
	}
	select {}
}

// TestKill kills a process right after its hundredth acknowledged
// installation and token, while more are being written, twenty times.
func TestKill(t *testing.T) {
	const rounds, installs = 20, 100
	path := temp(t)
	k, err := boltstore.ParseKey(childKey)
	if err != nil {
		t.Fatal(err)
	}
	o := boltstore.Options{Keys: []boltstore.Key{k}}
	var acknowledged []string
	for round := range rounds {
		keys := installAndKill(t, path, fmt.Sprint(round), installs)
		acknowledged = append(acknowledged, keys...)
		s := open(t, path, o)
		for _, key := range acknowledged {
			got, err := s.Installation(context.Background(), key)
			if err != nil || got.SharedSecret.Reveal() != "secret of "+key {
				t.Fatalf("round %d: acknowledged installation %q: %v", round, key, err)
			}
			token, err := s.Tokens().Load(context.Background(), key)
			if err != nil || !token.Equal(testToken(key)) {
				t.Fatalf("round %d: acknowledged token %q: %v", round, key, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) != rounds*installs {
		t.Errorf("%d installations were acknowledged, want %d", len(acknowledged), rounds*installs)
	}
}

// installAndKill returns the first n client keys that a new process
// acknowledged.
func installAndKill(t *testing.T, path, prefix string, n int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path+"|"+prefix)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for lines := bufio.NewScanner(out); len(keys) < n && lines.Scan(); {
		if key, ok := strings.CutPrefix(lines.Text(), "installed "); ok {
			keys = append(keys, key)
		} else if strings.HasPrefix(lines.Text(), "error") {
			t.Errorf("the process reports %s", lines.Text())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil || len(keys) < n {
		t.Fatalf("the process ended by itself after %d installations: %v", len(keys), err)
	}
	return keys
}
