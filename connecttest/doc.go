// Package connecttest is a host product for an app's own tests. NewHost starts a
// small Jira on a local socket that installs the app under test, calls it and
// answers its calls; see package devhost for what it can do. Beyond that it
// mints requests and tokens of every kind, well formed or hostile.
package connecttest
