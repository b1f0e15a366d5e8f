package main

import (
	"reflect"
	"strings"
	"testing"
)

const storeKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func TestReadSettings(t *testing.T) {
	env := map[string]string{
		"BASE_URL": "https://app.example.com", "ADDR": ":80", "STORE": "/data/app.db", "STORE_KEY": storeKey,
		"INSTALL_KEYS_URL": "https://keys.example, https://more.example", "AUTHORIZATION_SERVER_URL": "https://auth.example",
		"ALLOWED_HOSTS": "*.example.net", "ALL_JS_URL": "https://cdn.example/all.js", "ENVIRONMENT": "staging", "DEVELOPMENT": "1",
		"OTHER_BASE_URLS": "https://eu.example.com",
	}
	s, err := readSettings([]string{"-addr", ":8443"}, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if len(s.StoreKeys) != 1 {
		t.Errorf("got %d keys", len(s.StoreKeys))
	}
	s.StoreKeys, s.given = nil, nil
	want := settings{
		BaseURL: "https://app.example.com", Addr: ":8443", DevhostAddr: "127.0.0.1:2990", Store: "/data/app.db",
		Environment: "staging", KeysURLs: []string{"https://keys.example", "https://more.example"}, AuthServer: "https://auth.example",
		AllowedHosts: []string{"*.example.net"}, AllJSURL: "https://cdn.example/all.js", Development: true, OtherBaseURLs: []string{"https://eu.example.com"},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	if s, err := readSettings(nil, func(string) string { return "" }); err != nil || !s.demo() {
		t.Errorf("no settings: got %+v, %v, want the demo", s, err)
	}
}

func TestReadSettingsRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no key", []string{"-base-url", "https://x"}, "openssl rand -base64 32"},
		{"bad key", []string{"-base-url", "https://x", "-store-key", "abc"}, "STORE_KEY: "},
		{"unknown flag", []string{"-colour", "red"}, "-addr"},
		{"stray word", []string{"start"}, `what is "start"?`},
		{"help", []string{"-h"}, "AUTHORIZATION_SERVER_URL"},
		{"development", []string{"-development", "maybe"}, "want true or false"},
		{"without effect", []string{"-store", "x.db"}, "-store has no effect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readSettings(c.args, func(string) string { return "" })
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestDevelopmentIsOffUnlessItIsOn(t *testing.T) {
	for value, want := range map[string]bool{"": false, "false": false, "0": false, "true": true, "1": true} {
		s, err := readSettings(nil, func(name string) string { return map[string]string{"DEVELOPMENT": value}[name] })
		if err != nil || s.Development != want {
			t.Errorf("DEVELOPMENT=%s: got %v, %v", value, s.Development, err)
		}
	}
}

// What a person is shown about the settings never has what they were set to.
func TestUsageShowsNoSettings(t *testing.T) {
	_, err := readSettings([]string{"-oops"}, func(name string) string { return "value-of-" + name })
	if err == nil || strings.Contains(err.Error(), "value-of-") {
		t.Errorf("got %v", err)
	}
}
