// Package hostclient calls the REST API of the host product: as the app, or as
// a user whom the app impersonates.
//
// One Hosts serves an app and holds its user tokens. It makes a Client for each
// tenant:
//
//	hosts, err := hostclient.NewHosts(hostclient.Config{})
//	app, err := hosts.For(installation)
//	info, err := hostclient.Get[ServerInfo](ctx, app, "/rest/api/3/serverInfo")
//	me, err := hostclient.Get[Myself](ctx, app.AsUser(accountID), "/rest/api/3/myself")
//
// What Get and Send do not fit goes through Do, or through Client.HTTP and
// Transport, which plug into any library that takes an http.Client or an
// http.RoundTripper. Client.CheckResponse makes of the answers the errors that
// Get and Send return.
//
// A credential is bound to the tenant's origin: scheme, host, port and base
// path. It is applied to each hop of a request on its own, and a request or a
// redirect that leads anywhere else never sees it; nor is such a request sent
// without it. Errors and formatted values hold no secrets and no tokens.
//
// Calls that may be made twice are repeated as Limits says, which all calls of a
// Hosts share; what went wrong otherwise, and when to try again, is in the Error.
package hostclient
