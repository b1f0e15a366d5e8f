package lifecycle_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/atlassian-connect-go/sdk/auth"
	"github.com/atlassian-connect-go/sdk/lifecycle"
	"github.com/atlassian-connect-go/sdk/store"
)

const (
	installed   = lifecycle.EventInstalled
	uninstalled = lifecycle.EventUninstalled
	enabled     = lifecycle.EventEnabled
	disabled    = lifecycle.EventDisabled

	renamed = "https://acme-new.atlassian.net"
)

var transitions = []struct {
	name   string
	before []event
	event  event
	status int
	want   string   // where the tenant of the event then stands
	hooks  []string // that ran for the event
}{
	{
		"a new tenant", nil,
		event{kind: installed, second: 1, secret: "s1"}, 204,
		"installed s1 at " + siteURL,
		[]string{"install acme: none, then installed s1 at " + siteURL},
	}, {
		"a rotation keeps the former secret", []event{{kind: installed, second: 1, secret: "s1"}},
		event{kind: installed, second: 2, secret: "s2"}, 204,
		"installed s2 after s1 at " + siteURL,
		[]string{"install acme: installed s1 at " + siteURL + ", then installed s2 after s1 at " + siteURL},
	}, {
		"an upgrade keeps the state", []event{{kind: installed, second: 1, secret: "s1"}, {kind: enabled, second: 2, secret: "s1"}},
		event{kind: installed, second: 3, secret: "s1"}, 204,
		"enabled s1 at " + siteURL,
		[]string{"install acme: enabled s1 at " + siteURL + ", then enabled s1 at " + siteURL},
	}, {
		"an upgrade of a disabled app keeps the state", []event{{kind: installed, second: 1, secret: "s1"}, {kind: disabled, second: 2, secret: "s1"}},
		event{kind: installed, second: 3, secret: "s2"}, 204,
		"disabled s2 after s1 at " + siteURL,
		[]string{"install acme: disabled s1 at " + siteURL + ", then disabled s2 after s1 at " + siteURL},
	}, {
		"an upgrade within the grace keeps the former secret", []event{{kind: installed, second: 1, secret: "s1"}, {kind: installed, second: 2, secret: "s2"}},
		event{kind: installed, second: 3, secret: "s2"}, 204,
		"installed s2 after s1 at " + siteURL,
		[]string{"install acme: installed s2 after s1 at " + siteURL + ", then installed s2 after s1 at " + siteURL},
	}, {
		"a rename", []event{{kind: installed, second: 1, secret: "s1"}},
		event{kind: installed, second: 2, secret: "s1", members: members{"baseUrl": renamed}}, 204,
		"installed s1 at " + renamed,
		[]string{"install acme: installed s1 at " + siteURL + ", then installed s1 at " + renamed},
	}, {
		"a reinstall", []event{{kind: installed, second: 1, secret: "s1"}, {kind: enabled, second: 2, secret: "s1"}, {kind: uninstalled, second: 3}},
		event{kind: installed, second: 4, secret: "s2"}, 204,
		"installed s2 at " + siteURL,
		[]string{"install acme: uninstalled at " + siteURL + ", then installed s2 at " + siteURL},
	}, {
		"a site import", []event{{kind: installed, second: 1, secret: "s1"}},
		event{kind: installed, second: 2, secret: "s2", client: "acme2"}, 204,
		"installed s2 at " + siteURL,
		[]string{"install acme2: none, then installed s2 at " + siteURL, "import acme2: in place of acme"},
	}, {
		"a site import written with a slash", []event{{kind: installed, second: 1, secret: "s1"}},
		event{kind: installed, second: 2, secret: "s2", client: "acme2", members: members{"baseUrl": siteURL + "/"}}, 204,
		"installed s2 at " + siteURL,
		[]string{"install acme2: none, then installed s2 at " + siteURL, "import acme2: in place of acme"},
	}, {
		"a second import names the live tenants", []event{
			{kind: installed, second: 1, secret: "s1"}, {kind: installed, second: 2, secret: "s2", client: "acme2"},
			{kind: installed, second: 3, secret: "s3", client: "acme3"}, {kind: uninstalled, second: 4, client: "acme2"},
		},
		event{kind: installed, second: 5, secret: "s4", client: "acme4"}, 204,
		"installed s4 at " + siteURL,
		[]string{"install acme4: none, then installed s4 at " + siteURL, "import acme4: in place of acme, acme3"},
	}, {
		"the other product of a site is no import", []event{{kind: installed, second: 1, secret: "s1"}},
		event{kind: installed, second: 2, secret: "s2", client: "wiki", members: members{"baseUrl": siteURL + "/wiki"}}, 204,
		"installed s2 at " + siteURL + "/wiki",
		[]string{"install wiki: none, then installed s2 at " + siteURL + "/wiki"},
	}, {
		"a new tenant where another uninstalled is no import", []event{{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 2}},
		event{kind: installed, second: 3, secret: "s2", client: "acme2"}, 204,
		"installed s2 at " + siteURL,
		[]string{"install acme2: none, then installed s2 at " + siteURL},
	}, {
		"a rename onto another tenant's site is no import", []event{
			{kind: installed, second: 1, secret: "s1"}, {kind: installed, second: 2, secret: "s2", client: "acme2", members: members{"baseUrl": renamed}},
		},
		event{kind: installed, second: 3, secret: "s1", members: members{"baseUrl": renamed}}, 204,
		"installed s1 at " + renamed,
		[]string{"install acme: installed s1 at " + siteURL + ", then installed s1 at " + renamed},
	}, {
		"an uninstall", []event{{kind: installed, second: 1, secret: "s1"}, {kind: installed, second: 2, secret: "s2"}},
		event{kind: uninstalled, second: 3}, 204,
		"uninstalled at " + siteURL,
		[]string{"uninstall acme: installed s2 after s1 at " + siteURL},
	}, {
		"an uninstall of a tenant never seen leaves a mark", nil,
		event{kind: uninstalled, second: 3}, 204, "uninstalled at " + siteURL, nil,
	}, {
		"an uninstall without a base URL", []event{{kind: installed, second: 1, secret: "s1"}},
		event{kind: uninstalled, second: 2, members: members{"baseUrl": nil}}, 204, "uninstalled at " + siteURL,
		[]string{"uninstall acme: installed s1 at " + siteURL},
	}, {
		"a second uninstall", []event{{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 2}},
		event{kind: uninstalled, second: 3}, 204, "uninstalled at " + siteURL, nil,
	}, {
		"an install from before the mark", []event{{kind: uninstalled, second: 2}},
		event{kind: installed, second: 1, secret: "s1"}, 401, "uninstalled at " + siteURL, nil,
	}, {
		"an install of the second of the mark", []event{{kind: uninstalled, second: 2}},
		event{kind: installed, second: 2, secret: "s1"}, 401, "uninstalled at " + siteURL, nil,
	}, {
		"an install from between two uninstalls", []event{{kind: uninstalled, second: 2}, {kind: uninstalled, second: 4}},
		event{kind: installed, second: 3, secret: "s1"}, 401, "uninstalled at " + siteURL, nil,
	}, {
		"a first install after the mark", []event{{kind: uninstalled, second: 2}},
		event{kind: installed, second: 3, secret: "s1"}, 204, "installed s1 at " + siteURL,
		[]string{"install acme: uninstalled at " + siteURL + ", then installed s1 at " + siteURL},
	}, {
		"two installs in the wrong order", []event{{kind: installed, second: 2, secret: "s2"}},
		event{kind: installed, second: 1, secret: "s1"}, 401, "installed s2 at " + siteURL, nil,
	}, {
		"two installs of one second", []event{{kind: installed, second: 2, secret: "s2"}},
		event{kind: installed, second: 2, secret: "s1"}, 401, "installed s2 at " + siteURL, nil,
	}, {
		"an uninstall of the life before", []event{{kind: installed, second: 1, secret: "s1"}, {kind: installed, second: 3, secret: "s2"}},
		event{kind: uninstalled, second: 2}, 204, "installed s2 after s1 at " + siteURL, nil,
	}, {
		"an uninstall repeated after the reinstall", []event{
			{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 2}, {kind: installed, second: 3, secret: "s2"},
		},
		event{kind: uninstalled, second: 2}, 204, "installed s2 at " + siteURL, nil,
	},
}

var notices = []struct {
	name   string
	before []event
	event  event
	status int
	want   string
	hooks  []string
}{
	{
		"enabled", []event{{kind: installed, second: 1, secret: "s1"}},
		event{kind: enabled, second: 2, secret: "s1"}, 204, "enabled s1 at " + siteURL,
		[]string{"enable acme: enabled s1 at " + siteURL},
	}, {
		"enabled in the second of the install", []event{{kind: installed, second: 1, secret: "s1"}},
		event{kind: enabled, second: 1, secret: "s1"}, 204, "enabled s1 at " + siteURL,
		[]string{"enable acme: enabled s1 at " + siteURL},
	}, {
		"disabled", []event{{kind: installed, second: 1, secret: "s1"}, {kind: enabled, second: 2, secret: "s1"}},
		event{kind: disabled, second: 3, secret: "s1"}, 204, "disabled s1 at " + siteURL,
		[]string{"disable acme: disabled s1 at " + siteURL},
	}, {
		"disabled that was overtaken by enabled", []event{{kind: installed, second: 1, secret: "s1"}, {kind: enabled, second: 3, secret: "s1"}},
		event{kind: disabled, second: 2, secret: "s1"}, 204, "enabled s1 at " + siteURL, nil,
	}, {
		"enabled that was overtaken by disabled", []event{{kind: installed, second: 1, secret: "s1"}, {kind: disabled, second: 3, secret: "s1"}},
		event{kind: enabled, second: 2, secret: "s1"}, 204, "disabled s1 at " + siteURL, nil,
	}, {
		"enabled once more", []event{{kind: installed, second: 1, secret: "s1"}, {kind: enabled, second: 2, secret: "s1"}},
		event{kind: enabled, second: 2, secret: "s1"}, 204, "enabled s1 at " + siteURL, nil,
	}, {
		"enabled signed with the secret before a rotation", []event{{kind: installed, second: 1, secret: "s1"}, {kind: installed, second: 2, secret: "s2"}},
		event{kind: enabled, second: 1, secret: "s1"}, 401, "installed s2 after s1 at " + siteURL, nil,
	}, {
		"enabled of the life before", []event{
			{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 3}, {kind: installed, second: 5, secret: "s1"},
		},
		event{kind: enabled, second: 2, secret: "s1"}, 204, "installed s1 at " + siteURL, nil,
	}, {
		"disabled sent together with the uninstall of the life before", []event{
			{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 3}, {kind: installed, second: 5, secret: "s1"},
		},
		event{kind: disabled, second: 3, secret: "s1"}, 204, "installed s1 at " + siteURL, nil,
	}, {
		"disabled of the new life", []event{
			{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 3}, {kind: installed, second: 5, secret: "s1"},
		},
		event{kind: disabled, second: 6, secret: "s1"}, 204, "disabled s1 at " + siteURL,
		[]string{"disable acme: disabled s1 at " + siteURL},
	}, {
		"a notice of the new life that overtook its install's neighbour", []event{
			{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 3}, {kind: installed, second: 4, secret: "s1"},
		},
		event{kind: enabled, second: 4, secret: "s1"}, 204, "enabled s1 at " + siteURL,
		[]string{"enable acme: enabled s1 at " + siteURL},
	}, {
		"a notice does not move the tenant", []event{{kind: installed, second: 1, secret: "s1"}},
		event{kind: enabled, second: 2, secret: "s1", members: members{"baseUrl": renamed, "sharedSecret": secret("evil")}}, 204,
		"enabled s1 at " + siteURL,
		[]string{"enable acme: enabled s1 at " + siteURL},
	}, {
		"enabled before the install is there", nil,
		event{kind: enabled, second: 2, secret: "s1"}, 401, "none", nil,
	}, {
		"enabled after the uninstall", []event{{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 3}},
		event{kind: enabled, second: 4, secret: "s1"}, 401, "uninstalled at " + siteURL, nil,
	}, {
		"disabled after the uninstall, with the token of before", []event{{kind: installed, second: 1, secret: "s1"}, {kind: uninstalled, second: 3}},
		event{kind: disabled, second: 3, secret: "s1"}, 204, "uninstalled at " + siteURL, nil,
	}, {
		"disabled with another tenant's secret", []event{{kind: installed, second: 1, secret: "s1"}, {kind: installed, second: 1, secret: "s2", client: "other"}},
		event{kind: disabled, second: 3, secret: "s2"}, 401, "installed s1 at " + siteURL, nil,
	},
}

func TestTransitions(t *testing.T) {
	keys := newKeyServer(t)
	for _, tt := range slices.Concat(transitions, notices) {
		t.Run(tt.name, func(t *testing.T) {
			j := newJournal(t)
			var changed []string
			a := newApp(t, setup{keys: keys, hooks: j.hooks(), changed: func(key string) { changed = append(changed, key) }})
			a.must(tt.before...)
			j.take()
			changed = nil
			before := a.snapshot()

			if got := a.send(tt.event); got != tt.status {
				t.Errorf("got %d, want %d\n%s", got, tt.status, a.log)
			}
			key := tt.event.clientKey()
			after := a.snapshot()
			if got := summary(after[key]); got != tt.want {
				t.Errorf("tenant\n got %q\nwant %q", got, tt.want)
			}
			j.check(tt.hooks...)
			moved := !reflect.DeepEqual(before[key], after[key])
			if got, want := len(changed) == 1 && changed[0] == key, moved; got != want || len(changed) > 1 {
				t.Errorf("told of changes to %q, and whether %s changed is %v", changed, key, moved)
			}
			delete(before, key)
			delete(after, key)
			if !reflect.DeepEqual(before, after) {
				t.Errorf("other tenants\n got %v\nwant %v", after, before)
			}
		})
	}
}

// everything is a body with all that the host may send.
var everything = members{
	"oauthClientId": "client-1", "publicKey": "old", "serverVersion": "100", "pluginsVersion": "1.2",
	"displayUrl": "https://issues.acme.com", "displayUrlServicedeskHelpCenter": "https://help.acme.com",
	"productType": "jira", "description": "Acme's \u00fcber Jira", "serviceEntitlementNumber": "SEN-1",
	"entitlementId": "e1", "entitlementNumber": "E-1", "installationId": "ari:1",
	"accountId": "account-of-body", "cloudId": "cloud-1", "capabilitySet": "capabilityStandard",
	"user": "x", "userKey": "y", "links": map[string]any{"oauth": "z"},
	"future": map[string]any{"a": 1},
}

func full() *store.Installation {
	return &store.Installation{
		Key: appKey, ClientKey: "acme", OAuthClientID: "client-1", PublicKey: "old",
		ServerVersion: "100", PluginsVersion: "1.2", BaseURL: siteURL,
		DisplayURL: "https://issues.acme.com", DisplayURLServicedeskHelpCenter: "https://help.acme.com",
		ProductType: "jira", Description: "Acme's über Jira", ServiceEntitlementNumber: "SEN-1",
		EntitlementID: "e1", EntitlementNumber: "E-1", InstallationID: "ari:1",
		AccountID: "account-of-body", CloudID: "cloud-1", CapabilitySet: "capabilityStandard",
		Extra: map[string]json.RawMessage{"future": json.RawMessage(`{"a":1}`)},
	}
}

// checkRecord compares a record but for what identifies the install.
func checkRecord(t *testing.T, got, want *store.Installation) {
	t.Helper()
	got, want = got.Clone(), want.Clone()
	got.InstallDigest = ""
	for _, i := range []*store.Installation{got, want} {
		for _, at := range []*time.Time{
			&i.SignedEventIAT, &i.NoticeIAT, &i.RotatedAt, &i.RotatedIAT, &i.PreviousSecretUntil,
			&i.CreatedAt, &i.UpdatedAt, &i.InstalledAt, &i.UninstalledAt,
		} {
			*at = at.UTC()
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("record\n got %+v\nwant %+v", got, want)
	}
}

// TestRecord follows every field of a record through a life.
func TestRecord(t *testing.T) {
	a := newApp(t, setup{})
	a.clock.setSecond(10)
	a.must(event{kind: installed, second: 1, secret: "s1", members: everything})
	want := full()
	want.SharedSecret = store.NewSecret(secret("s1"))
	want.State, want.EventType, want.Generation = store.Installed, "installed", 1
	want.SignedEventIAT = at(1)
	want.CreatedAt, want.UpdatedAt, want.InstalledAt = at(10), at(10), at(10)
	checkRecord(t, a.stored("acme"), want)

	a.clock.setSecond(11)
	a.must(event{kind: enabled, second: 2, secret: "s1"})
	want.State, want.EventType, want.Generation = store.Enabled, "enabled", 2
	want.NoticeIAT, want.UpdatedAt = at(2), at(11)
	checkRecord(t, a.stored("acme"), want)

	a.clock.setSecond(12)
	a.must(event{kind: installed, second: 3, secret: "s2", members: everything})
	want.EventType, want.Generation = "installed", 3
	want.SharedSecret, want.PreviousSecret = store.NewSecret(secret("s2")), store.NewSecret(secret("s1"))
	want.SignedEventIAT, want.UpdatedAt, want.InstalledAt = at(3), at(12), at(12)
	want.RotatedAt, want.RotatedIAT, want.PreviousSecretUntil = at(12), at(3), at(12+180)
	checkRecord(t, a.stored("acme"), want)

	// The uninstalled event says little, and nothing is lost by it.
	a.clock.setSecond(13)
	a.must(event{kind: uninstalled, second: 4, members: members{"description": "gone"}})
	want.State, want.EventType, want.Generation = store.Uninstalled, "uninstalled", 4
	want.SharedSecret, want.PreviousSecret = store.Secret{}, store.Secret{}
	want.SignedEventIAT, want.UpdatedAt, want.UninstalledAt = at(4), at(13), at(13)
	want.RotatedAt, want.RotatedIAT, want.PreviousSecretUntil = time.Time{}, time.Time{}, time.Time{}
	want.AccountID = "account-of-token"
	checkRecord(t, a.stored("acme"), want)

	a.clock.setSecond(14)
	a.must(event{kind: installed, second: 5, secret: "s3"})
	checkRecord(t, a.stored("acme"), &store.Installation{
		Key: appKey, ClientKey: "acme", BaseURL: siteURL, ProductType: "jira", AccountID: "account-of-token",
		SharedSecret: store.NewSecret(secret("s3")), State: store.Installed, EventType: "installed", Generation: 5,
		SignedEventIAT: at(5), NoticeIAT: at(5),
		CreatedAt: at(10), UpdatedAt: at(14), InstalledAt: at(14),
	})
}

// page checks a page frame of second, signed with a secret, and returns the
// status.
func (a *app) page(second int, name string) int {
	a.t.Helper()
	token := signHS256(map[string]any{
		"iss": "acme", "iat": at(second).Unix(), "exp": at(second + 900).Unix(), "qsh": hashOf("GET&/page&"),
	}, secret(name))
	r := httptest.NewRequest(http.MethodGet, appURL+"/page?jwt="+token, nil)
	if _, err := a.verifier.Check(r, auth.HostRequest); err != nil {
		return auth.Status(err)
	}
	return http.StatusOK
}

func TestSecretGrace(t *testing.T) {
	for _, tt := range []struct {
		name  string
		grace time.Duration
		later time.Duration // from the rotation to the request
		iat   int           // the rotation is of second 2
		want  int
	}{
		{"3 minutes unless said otherwise", 0, 3*time.Minute - time.Second, 1, 200},
		{"over after 3 minutes", 0, 3 * time.Minute, 1, 401},
		{"a minute", time.Minute, time.Minute - time.Second, 1, 200},
		{"over after a minute", time.Minute, time.Minute, 1, 401},
		{"none", -1, 0, 1, 401},
		{"signed in the second of the rotation", 0, time.Second, 2, 200},
		{"signed after the rotation", 0, time.Second, 3, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t, setup{grace: tt.grace})
			a.must(event{kind: installed, second: 1, secret: "s1"}, event{kind: installed, second: 2, secret: "s2"})
			if held := !a.stored("acme").PreviousSecret.IsZero(); held != (tt.grace >= 0) {
				t.Errorf("the former secret is kept: got %v, want %v", held, tt.grace >= 0)
			}
			a.clock.set(now.Add(tt.later))
			if got := a.page(tt.iat, "s1"); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// TestRotationIsKept holds that an installed event that brings no new secret
// leaves the last rotation as it was.
func TestRotationIsKept(t *testing.T) {
	a := newApp(t, setup{})
	a.must(
		event{kind: installed, second: 1, secret: "s1"}, event{kind: installed, second: 2, secret: "s2"},
		event{kind: installed, second: 5, secret: "s2", members: members{"description": "again"}},
	)
	if got := a.stored("acme"); !got.RotatedIAT.Equal(at(2)) || nameOf(got.PreviousSecret) != "s1" {
		t.Errorf("got the rotation of %v from %q, want that of second 2 from s1", got.RotatedIAT, nameOf(got.PreviousSecret))
	}
	if got := a.page(2, "s1"); got != http.StatusOK {
		t.Errorf("signed before the rotation: got %d, want 200", got)
	}
	if got := a.page(3, "s1"); got != http.StatusUnauthorized {
		t.Errorf("signed after the rotation: got %d, want 401", got)
	}
}

// TestGraceNotForLifecycle holds that a secret, former or present, signs
// neither installed nor uninstalled, and that the former one signs neither
// enabled nor disabled, while it still signs pages.
func TestGraceNotForLifecycle(t *testing.T) {
	a := newApp(t, setup{})
	a.must(event{kind: installed, second: 1, secret: "s1"}, event{kind: installed, second: 2, secret: "s2"})
	before := a.snapshot()
	for _, kind := range []lifecycle.Event{installed, uninstalled} {
		for _, key := range []string{"s1", "s2"} {
			r := event{kind: kind, second: 3, secret: "s3"}.request()
			r.token = signHS256(map[string]any{
				"iss": "acme", "iat": at(3).Unix(), "exp": at(100).Unix(), "aud": appURL, "qsh": requestHash(r.path),
			}, secret(key))
			if got := a.do(r).status; got != http.StatusUnauthorized {
				t.Errorf("%s signed with %s: got %d, want 401", kind, key, got)
			}
		}
	}
	for _, kind := range []lifecycle.Event{enabled, disabled} {
		for second := 1; second <= 3; second++ {
			if got := a.send(event{kind: kind, second: second, secret: "s1"}); got != http.StatusUnauthorized {
				t.Errorf("%s of second %d signed with s1: got %d, want 401", kind, second, got)
			}
		}
	}
	if got := a.page(1, "s1"); got != http.StatusOK {
		t.Errorf("page signed with s1: got %d, want 200", got)
	}
	if after := a.snapshot(); !reflect.DeepEqual(before, after) {
		t.Errorf("store\n got %v\nwant %v", after, before)
	}
	a.must(event{kind: disabled, second: 3, secret: "s2"}, event{kind: enabled, second: 4, secret: "s2"})
}

// TestNoticeInTheHeaderOnly holds that a notification with its token in the
// query is refused.
func TestNoticeInTheHeaderOnly(t *testing.T) {
	a := newApp(t, setup{})
	a.must(event{kind: installed, second: 1, secret: "s1"})
	for _, kind := range []lifecycle.Event{enabled, disabled} {
		r := event{kind: kind, second: 2, secret: "s1"}.request()
		r.query, r.token = "?jwt="+r.token, ""
		if got := a.do(r).status; got != http.StatusUnauthorized {
			t.Errorf("%s: got %d, want 401", kind, got)
		}
		a.must(event{kind: kind, second: 2, secret: "s1"})
	}
}
