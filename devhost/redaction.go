package devhost

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// redacted stands where a secret or a credential is not shown.
const redacted = "[redacted]"

// The shown types are what fmt and slog print of records that hold a secret or
// a token. They have no methods, so printing them does not come back here.
type (
	shownInstallation Installation
	shownPayload      EventPayload
	shownUser         User

	shownCall struct {
		Time                       time.Time
		Method, Path, Query        string
		Header                     http.Header
		Body, App, AccountID, Kind string
		Status                     int
		Refusal                    string
	}

	shownDelivery struct {
		Time            time.Time
		App, Event, URL string
		Header          http.Header
		Body            string
		Identifier      string
		Retry, Status   int
		Error           string
		Again           time.Time
	}
)

// Format prints the installation without its secret, for every verb.
func (i Installation) Format(s fmt.State, verb rune) { printAs(s, verb, i.shown()) }

// LogValue returns the installation without its secret.
func (i Installation) LogValue() slog.Value { return slog.AnyValue(i.shown()) }

func (i Installation) shown() shownInstallation {
	i.SharedSecret = redact(i.SharedSecret)
	return shownInstallation(i)
}

// Format prints the user without the password, for every verb.
func (u User) Format(s fmt.State, verb rune) { printAs(s, verb, u.shown()) }

// LogValue returns the user without the password.
func (u User) LogValue() slog.Value { return slog.AnyValue(u.shown()) }

func (u User) shown() shownUser {
	u.Password = redact(u.Password)
	return shownUser(u)
}

// Format prints the payload without its secret, for every verb.
func (p EventPayload) Format(s fmt.State, verb rune) { printAs(s, verb, p.shown()) }

// LogValue returns the payload without its secret.
func (p EventPayload) LogValue() slog.Value { return slog.AnyValue(p.shown()) }

func (p EventPayload) shown() shownPayload {
	p.SharedSecret = redact(p.SharedSecret)
	return shownPayload(p)
}

// Format prints the call without credentials and body, for every verb.
func (c Call) Format(s fmt.State, verb rune) { printAs(s, verb, c.shown()) }

// LogValue returns the call without credentials and body.
func (c Call) LogValue() slog.Value { return slog.AnyValue(c.shown()) }

func (c Call) shown() shownCall {
	return shownCall{
		Time: c.Time, Method: c.Method, Path: c.Path, Query: c.Query, Header: withoutCredentials(c.Header), Body: sizeOf(c.Body),
		App: c.App, AccountID: c.AccountID, Kind: c.Kind, Status: c.Status, Refusal: c.Refusal,
	}
}

// Format prints the delivery without the token and the body, for every verb.
func (d Delivery) Format(s fmt.State, verb rune) { printAs(s, verb, d.shown()) }

// LogValue returns the delivery without the token and the body.
func (d Delivery) LogValue() slog.Value { return slog.AnyValue(d.shown()) }

func (d Delivery) shown() shownDelivery {
	return shownDelivery{
		Time: d.Time, App: d.App, Event: d.Event, URL: d.URL, Header: withoutCredentials(d.Header), Body: sizeOf(d.Body),
		Identifier: d.Identifier, Retry: d.Retry, Status: d.Status, Error: d.Error, Again: d.Again,
	}
}

// printAs prints v as the verb and the flags of s ask for.
func printAs(s fmt.State, verb rune, v any) { fmt.Fprintf(s, fmt.FormatString(s, verb), v) }

func redact(secret string) string {
	if secret == "" {
		return ""
	}
	return redacted
}

// withoutCredentials copies a header without what may prove who its sender is.
func withoutCredentials(h http.Header) http.Header {
	h = h.Clone()
	for _, name := range []string{"Authorization", "Cookie"} {
		for i := range h[name] {
			h[name][i] = redacted
		}
	}
	return h
}

// sizeOf is shown of a body, which may hold a secret or an assertion.
func sizeOf(body []byte) string { return fmt.Sprintf("[%d bytes]", len(body)) }
