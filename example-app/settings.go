package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/atlassian-connect-go/sdk/store/boltstore"
)

// settings say where the app lives. Each has a flag, and an environment
// variable that serves where the flag is not given.
type settings struct {
	BaseURL      string
	Addr         string
	DevhostAddr  string
	Store        string
	StoreKeys    []boltstore.Key
	Environment  string
	KeysURLs     []string
	AuthServer   string
	AllowedHosts []string
	AllJSURL     string
	Development  bool
}

// demo reports whether the app runs with a host of its own.
func (s settings) demo() bool { return s.BaseURL == "" }

func readSettings(args []string, getenv func(string) string) (settings, error) {
	var (
		s                       settings
		keysURLs, hosts, secret string
	)
	flags := flag.NewFlagSet("example-app", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, f := range []struct {
		to                        *string
		name, env, fallback, help string
	}{
		{&s.BaseURL, "base-url", "BASE_URL", "", "where the host reaches the app; empty runs the app with a small Jira of its own"},
		{&s.Addr, "addr", "ADDR", "127.0.0.1:8080", "the address to listen at"},
		{&s.DevhostAddr, "devhost-addr", "DEVHOST_ADDR", "127.0.0.1:2990", "the address of the small Jira"},
		{&s.Store, "store", "STORE", "stale-issues.db", "the file that keeps the installations"},
		{&secret, "store-key", "STORE_KEY", "", "the key that seals their secrets: 32 bytes in base64; more than one, separated by commas, to rotate it: the first seals"},
		{&s.Environment, "environment", "ENVIRONMENT", "", "Atlassian's environment: production, staging, fedramp, fedramp-staging"},
		{&keysURLs, "install-keys-url", "INSTALL_KEYS_URL", "", "the servers of the keys that sign installations, separated by commas"},
		{&s.AuthServer, "authorization-server-url", "AUTHORIZATION_SERVER_URL", "", "the server of tokens for impersonation"},
		{&hosts, "allowed-hosts", "ALLOWED_HOSTS", "", "where tenants may live, such as *.atlassian.net, separated by commas"},
		{&s.AllJSURL, "all-js-url", "ALL_JS_URL", "", "the client script of the host"},
	} {
		if v := getenv(f.env); v != "" {
			f.fallback = v
		}
		flags.StringVar(f.to, f.name, f.fallback, f.help+" ("+f.env+")")
	}
	flags.BoolVar(&s.Development, "development", getenv("DEVELOPMENT") != "", "tell callers why they are refused (DEVELOPMENT)")
	if err := flags.Parse(args); err != nil {
		return s, usage(flags, err)
	}
	if flags.NArg() > 0 {
		return s, usage(flags, fmt.Errorf("what is %q?", flags.Arg(0)))
	}
	s.KeysURLs, s.AllowedHosts = list(keysURLs), list(hosts)
	for _, text := range list(secret) {
		key, err := boltstore.ParseKey(text)
		if err != nil {
			return s, fmt.Errorf("STORE_KEY: %w", err)
		}
		s.StoreKeys = append(s.StoreKeys, key)
	}
	if !s.demo() && len(s.StoreKeys) == 0 {
		return s, errors.New("STORE_KEY is not set: the secrets of the installations are kept sealed.\n" +
			"  Make a key once with: openssl rand -base64 32")
	}
	return s, nil
}

// usage returns err with the list of the settings.
func usage(flags *flag.FlagSet, err error) error {
	var b strings.Builder
	flags.SetOutput(&b)
	flags.PrintDefaults()
	if errors.Is(err, flag.ErrHelp) {
		err = errors.New("every setting has a flag and an environment variable")
	}
	return fmt.Errorf("%w\n%s", err, b.String())
}

func list(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
