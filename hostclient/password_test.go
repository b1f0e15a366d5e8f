package hostclient_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/hostclient"
	"github.com/atlassian-connect-go/sdk/store"
)

// A password is not sent again after the host's words on it, and is after a status
// alone, which many other things may cause.
func TestWhatLatchesAPassword(t *testing.T) {
	const reason, denied = "X-Seraph-LoginReason", "X-Authentication-Denied-Reason"
	for _, c := range []struct {
		name        string
		status      int
		head, value string
		latched     bool
	}{
		{"CAPTCHA, 200", 200, denied, askCaptcha, true},
		{"CAPTCHA, 302", 302, denied, askCaptcha, true},
		{"CAPTCHA, 401", 401, denied, askCaptcha, true},
		{"CAPTCHA, 403", 403, denied, askCaptcha, true},
		{"wrong", 401, reason, "AUTHENTICATED_FAILED", true},
		{"denied", 401, reason, "AUTHENTICATION_DENIED", true},
		{"401", 401, "", "", false},
		{"401 to one who is known", 401, reason, "OK", false},
		{"403", 403, "", "", false},
		{"403 as to nobody", 403, reason, "AUTHENTICATED_FAILED", false},
		{"200 as to nobody", 200, reason, "AUTHENTICATED_FAILED", false},
		{"denied for another reason", 401, denied, "OTHER", false},
		{"200", 200, reason, "OK", false},
		{"404", 404, "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newSite(t, "", func(w http.ResponseWriter, _ *http.Request) {
				if c.head != "" {
					w.Header().Set(c.head, c.value)
				}
				w.WriteHeader(c.status)
			})
			cred := must(hostclient.NewBasic(must(hostclient.DataCenter(j.url))(t), "bo", store.NewSecret(sessionPassword)))(t)
			hosts := must(hostclient.NewHosts(hostclient.Config{Limits: once(t)}))(t)
			client := hosts.Client(cred)
			want := 3
			if c.latched {
				want = 1
			}
			for range 3 {
				_, _ = hostclient.Get[struct{}](t.Context(), client, "/x") // as the status has it
			}
			if n := len(j.requests()); n != want {
				t.Errorf("the password was sent %d times, want %d", n, want)
			}
			if _, err := hostclient.Get[struct{}](t.Context(), client, "/x"); c.latched && (err == nil || !strings.Contains(err.Error(), "not sent again")) {
				t.Errorf("got %v, want an error that says it was not sent", err)
			}
			cred.Reset()
			before := len(j.requests())
			_, _ = hostclient.Get[struct{}](t.Context(), client, "/x")
			if n := len(j.requests()) - before; n != 1 {
				t.Errorf("after a Reset it was sent %d times, want 1", n)
			}
		})
	}
}

// What does not fit into a header is refused where it is given, and does not show.
func TestSecretsThatDoNotFit(t *testing.T) {
	dataCenter := must(hostclient.DataCenter("http://127.0.0.1:1"))(t)
	cloud := must(hostclient.CloudSite("https://acme.atlassian.net"))(t)
	gateway := must(hostclient.Gateway(hostclient.Jira, "cloud-1"))(t)
	api := must(hostclient.Cloud{}.APIHost())(t)
	pairs := map[string]func(user, secret string) error{
		"Basic":     func(u, s string) error { _, err := hostclient.NewBasic(dataCenter, u, store.NewSecret(s)); return err },
		"API token": func(u, s string) error { _, err := hostclient.NewAPIToken(cloud, u, store.NewSecret(s)); return err },
		"scoped API token": func(u, s string) error {
			_, err := hostclient.NewScopedAPIToken(gateway, u, store.NewSecret(s))
			return err
		},
	}
	for name, make := range pairs {
		for _, good := range [][2]string{{"bo", "with:colon"}, {"bo@example.com", "blank in it"}, {"bö", "pässword"}} {
			if err := make(good[0], good[1]); err != nil {
				t.Errorf("%s: %q: %v", name, good, err)
			}
		}
		for _, bad := range [][2]string{{"b:o", "hidden-1"}, {"", "hidden-1"}, {"bo", ""}, {"b\x00o", "hidden-1"}, {"bo\n", "hidden-1"}, {"bo", "hidden-1\r"}, {"bo", "hidden-1\x7f"}} {
			if err := make(bad[0], bad[1]); err == nil || strings.Contains(err.Error(), "hidden") {
				t.Errorf("%s: %q: got %v", name, bad, err)
			}
		}
	}
	bearers := map[string]func(token string) error{
		"PAT": func(s string) error { _, err := hostclient.NewPAT(dataCenter, store.NewSecret(s)); return err },
		"Forge": func(s string) error {
			_, err := hostclient.NewForgeToken(gateway, store.NewSecret(s), time.Time{}, nil)
			return err
		},
		"service account": func(s string) error {
			_, err := hostclient.NewServiceAccountToken(gateway, store.NewSecret(s))
			return err
		},
		"container": func(s string) error { _, err := hostclient.NewContainerToken(api, store.NewSecret(s)); return err },
	}
	for name, make := range bearers {
		if err := make("a.B-c_d~e+f/g=!"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, bad := range []string{"", "hidden 1", " hidden", "hidden\n", "hidden\r\nX: y", "hidden\t", "hidden\x00", "hidden\x7f", "hiddenä"} {
			if err := make(bad); err == nil || strings.Contains(err.Error(), "hidden") {
				t.Errorf("%s: %q: got %v", name, bad, err)
			}
		}
	}
}

// A container token goes to imports alone.
func TestPathsOfAContainerToken(t *testing.T) {
	host := newSite(t, "", nil)
	hosts := must(hostclient.NewHosts(hostclient.Config{Limits: once(t)}))(t)
	api := must(hostclient.Cloud{API: host.url}.APIHost())(t)
	client := hosts.Client(must(hostclient.NewContainerToken(api, store.NewSecret("container-token")))(t))
	for path, want := range map[string]error{
		"/jsm/assets/workspace/w1/v1/importsource/s1":                   nil,
		"/jsm/assets/workspace/w1/v1/importsource/s1/executions/2/data": nil,
		"/jsm/assets/v1/imports/info":                                   nil,
		"/jsm/assets/v1/imports":                                        hostclient.ErrOrigin,
		"/jsm/assets/v1/importsources/x":                                hostclient.ErrOrigin,
		"/jsm/assets/workspace/w1/v1/object/1":                          hostclient.ErrOrigin,
		"/jsm/assets/workspace//v1/importsource/s1":                     hostclient.ErrOrigin,
		"/jsm/assets/workspace/w1/x/v1/importsource/s1":                 hostclient.ErrOrigin,
		"/jsm/assets/other/w1/v1/importsource/s1":                       hostclient.ErrOrigin,
		"/jsm/assets/workspace/w1/v1/object/v1/importsource/s1":         hostclient.ErrOrigin,
		"/jsm/assets/workspace/w1%2Fv1%2Fimportsource%2Fs1":             hostclient.ErrOrigin,
		"/JSM/assets/v1/imports/info":                                   hostclient.ErrOrigin,
		"/x/jsm/assets/v1/imports/info":                                 hostclient.ErrOrigin,
		"/x?y=/jsm/assets/v1/imports/info":                              hostclient.ErrOrigin,
		"/rest/api/3/myself":                                            hostclient.ErrOrigin,
		"/jsm/assets/v1/imports/../../workspace/w1/v1/object/1":         hostclient.ErrOrigin,
	} {
		before := len(host.requests())
		_, err := hostclient.Get[struct{}](t.Context(), client, path)
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", path, err, want)
		}
		if sent := len(host.requests()) > before; sent != (want == nil) {
			t.Errorf("%s: sent is %v", path, sent)
		}
	}
}
