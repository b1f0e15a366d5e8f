// Package sdk is the root of a server SDK for apps that extend Jira and
// Confluence through Atlassian Connect. It has no code of its own.
//
// Begin with package connect, which joins the others into one http.Handler, or
// with the program in example-app. Each of the rooms can be used by itself:
// descriptor for the app descriptor, auth for incoming tokens, lifecycle for
// installations, store for where they are kept, hostclient for calls to the
// host, with oauth1 and oauth2 below it for those dances and tokenstore for what
// they bring, webhook for the host's events, devhost and connecttest for a host on
// your own machine and in your tests.
package sdk
