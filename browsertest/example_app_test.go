package browsertest_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// startExampleApp builds and runs the example app with a small Jira of its own
// and returns the address of that.
func startExampleApp(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "example-app")
	build := exec.Command("go", "build", "-o", bin, "./example-app")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the example app: %v\n%s", err, out)
	}
	cmd := exec.Command(bin, "-addr", "127.0.0.1:0", "-devhost-addr", "127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log := new(strings.Builder)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the example app ended with %v", err)
		}
		if t.Failed() {
			t.Logf("the example app's log:\n%s", log)
		}
	})
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if _, url, ok := strings.Cut(lines.Text(), "Open "); ok {
			return strings.TrimSpace(url)
		}
	}
	t.Fatal("the example app did not say where to look")
	return ""
}

// browser is a tab of a headless browser.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func startBrowser(t *testing.T) browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1200, 900),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("stopping Chromium: %v", err)
		}
	})
	return browser{t, ctx}
}

// watch reports, when the test has stopped it, what the pages complained of:
// exceptions, console.error, and anything that a policy forbade. Answers that
// are refused are not complaints.
func (b browser) watch() (stop func()) {
	ctx, cancel := context.WithCancel(b.ctx)
	messages := chromedp.Console(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Source == "security" || m.Source == "" && m.Type == "error" {
				b.t.Errorf("in the browser: %s", m)
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (b browser) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// open opens a page of the host with a frame of the app and returns the frame.
func (b browser) open(url string) chromedp.QueryOption {
	b.t.Helper()
	b.do("open "+url, chromedp.Navigate(url))
	return b.frame()
}

// frame returns the frame of the page that is open.
func (b browser) frame() chromedp.QueryOption {
	b.t.Helper()
	frames, err := chromedp.Run(b.ctx, chromedp.Nodes(chromedp.CSS("iframe")))
	if err != nil {
		b.t.Fatalf("the frame: %v", err)
	}
	return chromedp.FromNode(frames[0])
}

// text returns the text of an element, once it is there.
func (b browser) text(selector chromedp.CSS, in ...chromedp.QueryOption) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(selector, in...))
	if err != nil {
		b.t.Fatalf("the text of %s: %v", selector, err)
	}
	return text
}

// becomeUser signs in as the user with that account id.
func (b browser) becomeUser(url, accountID string) {
	b.t.Helper()
	b.do("sign in as "+accountID,
		chromedp.Navigate(url),
		chromedp.SetValue(chromedp.CSS("header select"), accountID),
		chromedp.WaitReady(chromedp.CSS(`header select option[value="`+accountID+`"][selected]`)))
}

func TestExampleAppInABrowser(t *testing.T) {
	jira := startExampleApp(t)
	b := startBrowser(t)
	defer b.watch()()
	const stale, configure = "/plugins/servlet/ac/stale-issues/stale", "/plugins/servlet/ac/stale-issues/configure"

	// The page is there, in a frame, with what the app found.
	frame := b.open(jira + stale)
	if got := b.text("#rows", frame); !strings.Contains(got, "Dark colours for the dashboard") {
		t.Errorf("the list: got %q", got)
	}

	// A click comments as the user and takes the issue off the list.
	b.do("remind", chromedp.Click(chromedp.CSS(`button[data-remind="DEMO-5"]`), frame),
		chromedp.WaitVisible(chromedp.CSS("#message.done"), frame),
		chromedp.WaitNotPresent(chromedp.CSS(`button[data-remind="DEMO-5"]`), frame))
	if got := b.text("#message", frame); !strings.Contains(got, "DEMO-5 was added in your name") {
		t.Errorf("the message: got %q", got)
	}
	b.do("the issue", chromedp.Navigate(jira+"/browse/DEMO-5"))
	if issue := b.text("body"); !strings.Contains(issue, "Is it still needed?") {
		t.Errorf("the issue shows no comment: %q", issue)
	}

	// The administrator's setting decides what is stale.
	frame = b.open(jira + configure)
	b.do("configure", chromedp.SetValue(chromedp.CSS("#days"), "100", frame),
		chromedp.Click(chromedp.CSS("form button"), frame),
		chromedp.WaitVisible(chromedp.CSS("#message.done"), frame))
	frame = b.open(jira + stale)
	if got := b.text("#rows", frame); !strings.Contains(got, "OPS-2") || strings.Contains(got, "DEMO-3") {
		t.Errorf("with 100 days: got %q", got)
	}

	// Who may only look is told so in words.
	b.becomeUser(jira, "712020:dara")
	frame = b.open(jira + stale)
	b.do("remind without permission", chromedp.Click(chromedp.CSS(`button[data-remind="OPS-2"]`), frame),
		chromedp.WaitVisible(chromedp.CSS("#message.failed"), frame))
	if got := b.text("#message", frame); !strings.Contains(got, "does not let you") {
		t.Errorf("the message: got %q", got)
	}
}
