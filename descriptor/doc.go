// Package descriptor holds the app descriptor of Atlassian Connect: the JSON
// document, usually atlassian-connect.json, that tells a host product what an
// app is, what it may do and where its pages, webhooks and callbacks are.
//
// An App is written as a Go literal or read from a document with Decode or
// Parse. Validate names everything a host would refuse, Endpoints lists every
// URL that the app has to serve, and NewHandler serves the document.
//
// The types have the shape of the document itself. The zero value of a field
// means that the member is absent; where absence and zero mean different
// things to the host, the field is a pointer. Members that this package does
// not know are kept in the Extra field beside the known ones and are written
// back as they were read; a name in Extra must not be one of the known names.
// Everything here is plain data: values may be copied and read by several
// goroutines, and must not be changed while another goroutine reads them.
//
// Write and read whole documents through App, or the modules alone through
// Modules: both work with encoding/json too. The other types rely on the
// rules of these two and are not meant to be given to encoding/json alone.
package descriptor
