package tokenstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
	"github.com/atlassian-connect-go/sdk/store/tokenstore"
)

// childFile is the environment variable that makes the test binary a process
// that changes the file it names as it is told.
const childFile = "TOKENSTORE_TEST_FILE"

const childKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		if err := obey(path, os.Stdin, os.Stdout); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func childOptions() tokenstore.Options {
	k, err := tokenstore.ParseKey(childKey)
	if err != nil {
		panic(err)
	}
	return sealed(k)
}

func access(text string) *tokenstore.Token {
	if text == "none" {
		return nil
	}
	return &tokenstore.Token{Access: store.NewSecret(text)}
}

// obey carries out the commands it reads, a line each, and answers each with a
// line.
func obey(path string, in io.Reader, out io.Writer) error {
	f, err := tokenstore.OpenFile(path, childOptions())
	if err != nil {
		return err
	}
	ctx := context.Background()
	unlock := func() {}
	fmt.Fprintln(out, "ready")
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var verb, old, next string
		_, _ = fmt.Sscan(lines.Text(), &verb, &old, &next) // what is missing stays empty
		answer := "done"
		switch verb {
		case "swap":
			var ok bool
			ok, err = f.CompareAndSwap(ctx, "user", access(old), access(next))
			answer = fmt.Sprint(ok)
		case "lock":
			unlock, err = f.Lock(ctx, "user")
		case "unlock":
			unlock()
		case "count":
			err = countTo(ctx, f, 40)
		default:
			err = errors.New("unknown command")
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(out, answer)
	}
	return nil
}

// countTo adds one to a counter n times, under its lock and by comparison.
func countTo(ctx context.Context, f *tokenstore.File, n int) error {
	for range n {
		unlock, err := f.Lock(ctx, "counter")
		if err != nil {
			return err
		}
		old, err := f.Load(ctx, "counter")
		count := 0
		if err == nil {
			count = len(old.Access.Reveal())
		}
		next := access(strings.Repeat("i", count+1))
		ok, err := f.CompareAndSwap(ctx, "counter", old, next)
		unlock()
		if !ok || err != nil {
			return fmt.Errorf("under the lock CompareAndSwap = %t, %w", ok, err)
		}
	}
	return nil
}

// child is a process with the file open.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(t *testing.T, path string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path)
	cmd.Stderr = os.Stderr
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := errors.Join(inErr, outErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, in: in, out: bufio.NewScanner(out)}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil && !strings.Contains(err.Error(), "killed") {
			t.Error(err)
		}
	})
	if got := c.answer(); got != "ready" {
		t.Fatalf("the process says %q", got)
	}
	return c
}

func (c *child) tell(command string) { fmt.Fprintln(c.in, command) }

func (c *child) answer() string {
	c.out.Scan()
	return c.out.Text()
}

// TestTwoProcesses lets two processes and this one swap the same token, round
// by round. One wins each round.
func TestTwoProcesses(t *testing.T) {
	path := temp(t)
	f := open(t, path, childOptions())
	children := []*child{start(t, path), start(t, path)}
	old := "none"
	wins := make([]int, len(children)+1)
	for round := range 60 {
		for i, c := range children {
			c.tell(fmt.Sprintf("swap %s %d-%d", old, round, i))
		}
		last := len(children)
		ok, err := f.CompareAndSwap(context.Background(), "user", access(old), access(fmt.Sprintf("%d-%d", round, last)))
		if err != nil {
			t.Fatal(err)
		}
		won := -1
		if ok {
			won = last
		}
		for i, c := range children {
			switch got := c.answer(); {
			case got != "true" && got != "false":
				t.Fatalf("process %d says %q", i, got)
			case got == "true" && won >= 0:
				t.Fatalf("round %d has more than one winner", round)
			case got == "true":
				won = i
			}
		}
		if won < 0 {
			t.Fatalf("round %d has no winner", round)
		}
		wins[won]++
		old = fmt.Sprintf("%d-%d", round, won)
		wantToken(t, f, "user", access(old))
	}
	t.Logf("rounds won: %d", wins)
}

// TestTwoProcessesCount lets processes count under the lock of a key, so that
// no swap ever loses.
func TestTwoProcessesCount(t *testing.T) {
	path := temp(t)
	f := open(t, path, childOptions())
	children := []*child{start(t, path), start(t, path)}
	for _, c := range children {
		c.tell("count")
	}
	if err := countTo(context.Background(), f, 40); err != nil {
		t.Error(err)
	}
	for i, c := range children {
		if got := c.answer(); got != "done" {
			t.Errorf("process %d says %q", i, got)
		}
	}
	wantToken(t, f, "counter", access(strings.Repeat("i", 40*3)))
}

// TestLockOfAKilledProcess ends a process that holds a lock while another one
// waits for it.
func TestLockOfAKilledProcess(t *testing.T) {
	path := temp(t)
	f := open(t, path, childOptions())
	c := start(t, path)
	c.tell("lock")
	if got := c.answer(); got != "done" {
		t.Fatalf("the process says %q", got)
	}
	ended, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	results := make(chan error, 2)
	wg.Go(func() {
		_, err := f.Lock(ended, "user")
		results <- err
	})
	cancel()
	wg.Wait()
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Errorf("Lock while another process holds it: %v, want context.Canceled", err)
	}
	wg.Go(func() {
		unlock, err := f.Lock(context.Background(), "user")
		if err == nil {
			unlock()
		}
		results <- err
	})
	if err := c.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := <-results; err != nil {
		t.Errorf("Lock after its holder was killed: %v", err)
	}
}
