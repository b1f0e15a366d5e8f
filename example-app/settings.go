package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
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

	OtherBaseURLs []string
	given         map[string]bool // the names of the flags that were set in some way
}

// demo reports whether the app runs with a host of its own.
func (s settings) demo() bool { return s.BaseURL == "" }

// setting is one of them.
type setting struct {
	to                     *string
	name, env, unset, help string
}

func readSettings(args []string, getenv func(string) string) (settings, error) {
	var (
		s                                         settings
		keysURLs, hosts, others, key, development string
	)
	all := []setting{
		{&s.BaseURL, "base-url", "BASE_URL", "", "where the host reaches the app; empty runs the app with a small Jira of its own"},
		{&others, "other-base-urls", "OTHER_BASE_URLS", "", "further base URLs, of regions or proxies, separated by commas"},
		{&s.Addr, "addr", "ADDR", "127.0.0.1:8080", "the address to listen at"},
		{&s.DevhostAddr, "devhost-addr", "DEVHOST_ADDR", "127.0.0.1:2990", "the address of the small Jira"},
		{&s.Store, "store", "STORE", "stale-issues.db", "the file that keeps the installations"},
		{&key, "store-key", "STORE_KEY", "", "the key that seals their secrets, 32 bytes in base64; to change it put the new one in front, separated by a comma; others can read a command line, so better in the environment"},
		{&s.Environment, "environment", "ENVIRONMENT", "", "Atlassian's environment: production, staging, fedramp, fedramp-staging"},
		{&keysURLs, "install-keys-url", "INSTALL_KEYS_URL", "", "the servers of the keys that sign installations, separated by commas"},
		{&s.AuthServer, "authorization-server-url", "AUTHORIZATION_SERVER_URL", "", "the server of tokens for impersonation"},
		{&hosts, "allowed-hosts", "ALLOWED_HOSTS", "", "where tenants may live, such as *.atlassian.net, separated by commas"},
		{&s.AllJSURL, "all-js-url", "ALL_JS_URL", "", "the client script of the host"},
		{&development, "development", "DEVELOPMENT", "false", "tell callers why they are refused: true or false"},
	}
	flags := flag.NewFlagSet("example-app", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, f := range all {
		flags.StringVar(f.to, f.name, f.unset, f.help+" ("+f.env+")")
	}
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("what is %q?", flags.Arg(0))
	}
	if err != nil {
		return s, usage(flags, err)
	}
	s.given = fromEnvironment(flags, all, getenv)
	s.OtherBaseURLs, s.KeysURLs, s.AllowedHosts = list(others), list(keysURLs), list(hosts)
	if s.Development, err = strconv.ParseBool(development); err != nil {
		return s, fmt.Errorf("DEVELOPMENT is %q, want true or false", development)
	}
	if s.demo() {
		return s, s.demoOnly()
	}
	s.StoreKeys, err = storeKeys(key)
	return s, err
}

// fromEnvironment fills in what no flag gave, and returns the names of all that
// was given one way or the other.
func fromEnvironment(flags *flag.FlagSet, all []setting, getenv func(string) string) map[string]bool {
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, f := range all {
		if v := getenv(f.env); v != "" && !given[f.name] {
			*f.to, given[f.name] = v, true
		}
	}
	return given
}

// demoOnly refuses settings that would have no effect without BASE_URL.
func (s settings) demoOnly() error {
	for name := range s.given {
		switch name {
		case "base-url", "addr", "devhost-addr", "development":
		default:
			return fmt.Errorf("-%s has no effect without -base-url (BASE_URL): the app then runs with a small Jira of its own", name)
		}
	}
	return nil
}

// storeKeys reads the keys that seal the secrets.
func storeKeys(text string) ([]boltstore.Key, error) {
	var keys []boltstore.Key
	for _, item := range list(text) {
		key, err := boltstore.ParseKey(item)
		if err != nil {
			return nil, fmt.Errorf("STORE_KEY: %w", err)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, errors.New("STORE_KEY is not set: the secrets of the installations are kept sealed.\n" +
			"  Make a key once with: openssl rand -base64 32")
	}
	return keys, nil
}

// errHelp is the answer to -h.
type errHelp struct{ text string }

func (e errHelp) Error() string { return e.text }

// usage returns err with the list of the settings.
func usage(flags *flag.FlagSet, err error) error {
	var b strings.Builder
	flags.SetOutput(&b)
	flags.PrintDefaults()
	text := "Each setting has a flag and, in brackets, an environment variable.\n" + b.String()
	if errors.Is(err, flag.ErrHelp) {
		return errHelp{text}
	}
	return fmt.Errorf("%w\n%s", err, text)
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
