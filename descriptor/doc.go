// Package descriptor holds the app descriptor of Atlassian Connect: the JSON
// document, usually atlassian-connect.json, that tells a host product what an
// app is, what it may do and where its pages, webhooks and callbacks are.
//
// An App is written as a Go literal or read from a document with Decode, Parse
// or, if the document has variables, Template.Parse. Validate names everything
// a host would refuse and much that is hardly meant, Endpoints lists every URL
// that the app has to serve, Diff compares two versions, and NewHandler serves
// the document. OperationFor knows which scope a call to a host needs.
//
// The types have the shape of the document itself. The zero value of a field
// means that the member is absent; where absence and zero mean different
// things to the host, the field is a pointer. Members that this package does
// not know are kept in the Extra field beside the known ones and are written
// back as they were read; a name in Extra must not be one of the known names.
// Everything here is plain data: values may be copied and read by several
// goroutines, and must not be changed while another goroutine reads them.
//
// Words that a host knows are constants of string types: closed sets such as
// TargetType, of which Validate refuses every other word, and open ones such as
// Event and ConditionName, of which it warns. A type takes any word, also one
// that Atlassian comes up with later.
//
// Write and read whole documents through App, or the modules alone through
// Modules: both work with encoding/json too. The other types rely on the
// rules of these two and are not meant to be given to encoding/json alone.
package descriptor
