package browsertest_test

import (
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/atlassian-connect-go/sdk/connect"
	"github.com/atlassian-connect-go/sdk/connecttest"
	"github.com/atlassian-connect-go/sdk/descriptor"
	"github.com/atlassian-connect-go/sdk/devhost"
	"github.com/atlassian-connect-go/sdk/store"
)

var notePage = template.Must(template.New("").Parse(`<!doctype html><title>Note</title><p>{{.Note}}</p>
<form method="post" action="/note/save">{{.Field}}<input id="text" name="text"><button>Save</button></form>`))

// formApp is an app with a form in the frame and one outside of it.
type formApp struct {
	*connect.App
	*httptest.Server
}

func startFormApp(t *testing.T, host *connecttest.Host, trusted ...string) formApp {
	t.Helper()
	a := formApp{Server: httptest.NewUnstartedServer(nil)}
	base := "http://" + a.Listener.Addr().String()
	app, err := connect.New(connect.Config{
		BaseURL: base, Store: store.NewMemory(), Logger: slog.New(slog.DiscardHandler), TrustedOrigins: trusted,
		Descriptor: &descriptor.App{
			Key: "notes", Name: "Notes", Scopes: descriptor.Scopes{descriptor.Read},
			Modules: descriptor.Modules{GeneralPages: []descriptor.Page{{Key: "note", Name: descriptor.Plain("Note"), URL: "/note"}}},
		},
		InstallKeysURLs: []string{host.KeyServerURL()}, AllowedHosts: []string{host.HostPattern()},
	})
	if err != nil {
		t.Fatal(err)
	}
	a.App = app
	app.Page("/note", a.note)
	app.Form("/note/save", a.note)
	app.Browser("/admin", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.Method == http.MethodPost {
			fmt.Fprintf(w, `<p id="done">posted from %s, %s</p>`, r.Header.Get("Sec-Fetch-Site"), template.HTMLEscapeString(r.Header.Get("Origin")))
			return
		}
		_, _ = io.WriteString(w, `<form method="post"><button>Save</button></form>`)
	}))
	a.Config.Handler = app
	a.Start()
	t.Cleanup(a.Close)
	if _, err := host.Install(t.Context(), base+connect.DescriptorPath); err != nil {
		t.Fatal(err)
	}
	return a
}

// note shows the note, which is what was posted.
func (a formApp) note(w http.ResponseWriter, r *http.Request) {
	field, err := a.FormField(connect.CallerFrom(r.Context()), "/note/save")
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = notePage.Execute(w, struct {
		Note  string
		Field template.HTML
	}{r.PostFormValue("text"), field})
}

// TestFormInAFrame posts a form in the host's frame, and then the one on the
// page that comes back.
func TestFormInAFrame(t *testing.T) {
	host := connecttest.NewHostConfig(t, devhost.Config{})
	startFormApp(t, host)
	b := startBrowser(t)
	defer b.watch()()
	frame := b.open(host.URL() + "/plugins/servlet/ac/notes/note")
	for _, text := range []string{"first", "second"} {
		b.do("fill in "+text, chromedp.SetValue(chromedp.CSS("#text"), text, frame))
		click := chromedp.Click(chromedp.CSS("button"), frame)
		if _, err := chromedp.Run(b.ctx, chromedp.WaitEvent(page.FrameStoppedLoading, nil, click)); err != nil {
			t.Fatal(err)
		}
		frame = b.frame()
		if got := b.text("p", frame); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

// TestFormsOutsideOfTheFrame is what a browser really sends from where, and what
// comes of it on a Browser route: the facts that App.Browser names.
func TestFormsOutsideOfTheFrame(t *testing.T) {
	host := connecttest.NewHostConfig(t, devhost.Config{})
	var target string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<form method="post" action="%s"><button>Save</button></form>`, target)
	}))
	defer elsewhere.Close()
	crossSite := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
	closed, open := startFormApp(t, host).URL, ""
	other := connecttest.NewHostConfig(t, devhost.Config{})
	open = startFormApp(t, other, crossSite).URL
	b := startBrowser(t)
	for _, c := range []struct{ name, page, app, want string }{
		{"the app's own page", closed + "/admin", closed, "posted from same-origin, " + closed},
		{"another origin of the same site", elsewhere.URL, closed, "Forbidden"},
		{"another site", crossSite, closed, "Forbidden"},
		{"a trusted site", crossSite, open, "posted from cross-site, " + crossSite},
	} {
		target = c.app + "/admin"
		b.do(c.name, chromedp.Navigate(c.page), chromedp.Click(chromedp.CSS("button")), chromedp.WaitNotPresent(chromedp.CSS("button")))
		if got := strings.TrimSpace(b.text("body")); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
