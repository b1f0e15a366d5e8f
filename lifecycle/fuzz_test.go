package lifecycle_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/store"
)

// secondReading is a body as a reader sees it that shares nothing with the
// first: a map of the standard library's decoder.
type secondReading map[string]json.RawMessage

func (r secondReading) text(t *testing.T, name string) string {
	t.Helper()
	value, ok := r[name]
	if !ok {
		return ""
	}
	var text *string
	if err := json.Unmarshal(value, &text); err != nil {
		t.Fatalf("accepted, and %s is %s", name, value)
	}
	if text == nil {
		return ""
	}
	return *text
}

// record returns the installation that the body describes.
func (r secondReading) record(t *testing.T) *store.Installation {
	t.Helper()
	inst := &store.Installation{SharedSecret: store.NewSecret(r.text(t, "sharedSecret"))}
	for name, field := range map[string]*string{
		"key": &inst.Key, "clientKey": &inst.ClientKey, "oauthClientId": &inst.OAuthClientID, "publicKey": &inst.PublicKey,
		"serverVersion": &inst.ServerVersion, "pluginsVersion": &inst.PluginsVersion, "baseUrl": &inst.BaseURL,
		"displayUrl": &inst.DisplayURL, "displayUrlServicedeskHelpCenter": &inst.DisplayURLServicedeskHelpCenter,
		"productType": &inst.ProductType, "description": &inst.Description,
		"serviceEntitlementNumber": &inst.ServiceEntitlementNumber, "entitlementId": &inst.EntitlementID,
		"entitlementNumber": &inst.EntitlementNumber, "installationId": &inst.InstallationID,
		"accountId": &inst.AccountID, "cloudId": &inst.CloudID, "capabilitySet": &inst.CapabilitySet,
	} {
		*field = r.text(t, name)
		delete(r, name)
	}
	inst.EventType = r.text(t, "eventType")
	for _, name := range []string{"sharedSecret", "eventType", "user", "userKey", "links"} {
		delete(r, name)
	}
	if len(r) > 0 {
		inst.Extra = r
	}
	return inst
}

// FuzzBody gives the installed route a good token and any body. What is
// accepted is of the token's tenant, for this app, at an allowed host, and
// stored as a second reader understands it; all else leaves the store as it was.
func FuzzBody(f *testing.F) {
	good := event{kind: installed, second: 5, secret: "s2"}
	f.Add([]byte(good.body()))
	f.Add([]byte(event{kind: installed, second: 5, secret: "s2", members: everything}.body()))
	f.Add([]byte(event{kind: installed, second: 5, secret: "s2", members: members{"clientKey": "other"}}.body()))
	f.Add([]byte(event{kind: installed, second: 5, secret: "s2", members: members{"baseUrl": siteURL + "/wiki/"}}.body()))
	r := &resettable{store.NewMemory()}
	a := newApp(f, setup{store: r})
	token := good.token()
	first := event{kind: installed, second: 1, secret: "s1"}.request()
	other := event{kind: installed, second: 1, secret: "s3", client: "other"}.request()

	f.Fuzz(func(t *testing.T, body []byte) {
		r.Store = store.NewMemory()
		a.inProcess(first)
		a.inProcess(other)
		before := snapshot(t, r)
		w := a.inProcess(request{method: http.MethodPost, path: first.path, contentType: "application/json", token: token, body: string(body)})
		after := snapshot(t, r)
		if strings.Contains(a.log.String(), token) {
			t.Errorf("the log shows the token:\n%s", a.log)
		}
		a.log.reset()
		switch w.Code {
		case http.StatusNoContent:
			checkAccepted(t, body, before, after)
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusRequestEntityTooLarge:
			if !reflect.DeepEqual(before, after) {
				t.Errorf("refused with %d, and the store\n was %v\nis %v", w.Code, before, after)
			}
			if want := http.StatusText(w.Code) + "\n"; w.Body.String() != want {
				t.Errorf("answer: got %q, want %q", w.Body, want)
			}
		default:
			t.Errorf("got %d", w.Code)
		}
	})
}

// inProcess sends a request without a socket.
func (a *app) inProcess(r request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r.to(""))
	return w
}

func checkAccepted(t *testing.T, body []byte, before, after map[string]*store.Installation) {
	t.Helper()
	if !reflect.DeepEqual(after["other"], before["other"]) || len(after) != 2 {
		t.Errorf("another tenant\n was %v\nis %v", before, after)
	}
	var reading secondReading
	if err := json.Unmarshal(body, &reading); err != nil {
		t.Fatalf("accepted, and a second reader says %v", err)
	}
	want := reading.record(t)
	got := after["acme"]
	if want.ClientKey != "acme" || want.Key != appKey {
		t.Errorf("accepted for clientKey %q and key %q", want.ClientKey, want.Key)
	}
	if want.EventType != "" && want.EventType != "installed" {
		t.Errorf("accepted as %q", want.EventType)
	}
	if !strings.HasPrefix(want.BaseURL, "https://") || len(want.SharedSecret.Reveal()) < 32 {
		t.Errorf("accepted with the base URL %q and a secret of %d bytes", want.BaseURL, want.SharedSecret.Len())
	}
	want.BaseURL = strings.TrimSuffix(want.BaseURL, "/")
	if want.AccountID == "" {
		want.AccountID = "account-of-token"
	}
	want.EventType, want.State, want.Generation = "installed", store.Installed, 2
	want.InstallDigest = got.InstallDigest
	want.PreviousSecret = store.NewSecret(secret("s1"))
	want.RotatedAt, want.RotatedIAT, want.PreviousSecretUntil = now, at(5), now.Add(180e9)
	if want.SharedSecret.Equal(want.PreviousSecret) {
		want.PreviousSecret, want.PreviousSecretUntil = store.Secret{}, got.PreviousSecretUntil
		want.RotatedAt, want.RotatedIAT = got.RotatedAt, got.RotatedIAT
	}
	want.SignedEventIAT = at(5)
	want.CreatedAt, want.UpdatedAt, want.InstalledAt = now, now, now
	got = got.Clone()
	got.SignedEventIAT, got.RotatedIAT = got.SignedEventIAT.UTC(), got.RotatedIAT.UTC()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("stored\n got %+v\nwant %+v", got, want)
	}
}
