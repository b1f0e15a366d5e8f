// Package hostclient calls the REST API of a host product: as a Connect app, as a
// user whom the app impersonates, or with any other credential that Atlassian's
// hosts take.
//
// One Hosts serves an app. It makes a Client for each tenant, or for any
// Credential:
//
//	hosts, err := hostclient.NewHosts(hostclient.Config{})
//	app, err := hosts.For(installation)
//	info, err := hostclient.Get[ServerInfo](ctx, app, "/rest/api/3/serverInfo")
//	me, err := hostclient.Get[Myself](ctx, app.AsUser(accountID), "/rest/api/3/myself")
//
//	site, err := hostclient.DataCenter("https://jira.example.com/jira")
//	pat, err := hostclient.NewPAT(site, token)
//	me, err := hostclient.Get[Myself](ctx, hosts.Client(pat), "/rest/api/2/myself")
//
// Send sends, Pages reads lists whatever way a host makes pages, Upload and
// Client.Download move files. What these do not fit goes through Do, or through
// Client.HTTP and Transport, which plug into any library that takes an
// http.Client, an http.RoundTripper or a Do. Client.CheckResponse makes of the
// answers the errors that Get and Send return.
//
// # Credentials and where they work
//
// A credential is bound to one site: scheme, host, port and base path. It is
// applied to each hop of a request on its own, and a request or a redirect that
// leads anywhere else never sees it; nor is such a request sent without it. A
// credential that does not work on a site cannot be made for it: its constructor
// returns ErrSite, before anything is dialled. A: stands for Assets by that way,
// and yes? for what no source confirms.
//
//	                              site  gateway  API host  Data Center  A:site  A:gateway  A:API  A:DC  custom
//	Connect app user              yes   –        –         –            yes?    –          –      –     –
//	Connect impersonation         yes   –        –         –            yes?    –          –      –     –
//	API token                     yes   –        yes?      –            yes?    yes?       yes    –     yes
//	scoped API token              –     yes      yes?      –            –       yes        yes?   –     yes
//	user and password             –     –        –         yes          –       –          –      yes?  yes
//	personal access token         –     –        –         yes          –       –          –      yes?  yes
//	cookie session                –     –        –         yes          –       –          –      yes?  yes
//	OAuth 1.0a                    –     –        –         yes          –       –          –      yes?  yes
//	OAuth 2.0 (3LO)               –     yes      yes       –            –       yes        –      –     yes
//	OAuth 2.0 of Data Center      –     –        –         yes          –       –          –      yes?  yes
//	service account, Cloud        –     yes      yes?      –            –       yes        –      –     yes
//	service account, Data Center  –     –        –         yes          –       –          –      yes?  yes
//	Assets container token        –     –        yes       –            –       –          –      –     yes
//	Forge token                   –     yes      –         –            –       yes        –      –     yes
//
// OAuth 1.0a is in package oauth1, OAuth 2.0 and service accounts in package
// oauth2. Errors and formatted values hold no secrets and no tokens.
//
// # Limits
//
// Calls keep to the limits of the hosts and are repeated where that is safe: see
// Limits. Config.Limits changes how. What went wrong, and when to try again, is in
// the Error.
package hostclient
