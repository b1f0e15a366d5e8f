// Package devhost is a host product for an app developer's own machine: a small
// Jira Cloud that installs a Connect app by the URL of its descriptor, shows its
// pages in frames, sends it webhooks, and answers and checks its calls.
//
// Everything between the two sides is the real protocol: installs are signed
// RS256 with a key from the host's own key server, pages carry tokens bound to
// the request, users are impersonated through the host's own authorization
// server. Point an app at [Host.KeyServerURL], [Host.AuthorizationServerURL],
// [Host.HostPattern] and [Host.AllJSURL] instead of Atlassian's, and it runs
// unchanged.
//
// Around the site there is as much of Atlassian's cloud as clients of other kinds
// meet: [Host.AuthURL] is the authorization server of OAuth 2.0 (3LO) and of
// service accounts, [Host.GatewayURL] the gateway that takes their tokens, and
// [Host.MediaURL] the origin from which attachments are downloaded. API tokens
// open the site or, with scopes, the gateway; a few resources of Confluence are
// served beside Jira's. Each refuses as its model does, misleading answers
// included. [Host.Limit] makes the REST APIs answer as when a rate limit is
// reached.
//
// With [Config.DataCenter] set the host is a Jira Data Center instead: without
// Connect apps, but with users who have passwords and sessions, a CAPTCHA after
// too many wrong passwords, personal access tokens, application links of OAuth
// 1.0a and OAuth 2.0, the check against forged requests and rate limits, each
// with the habits of the real one.
//
// With Config.Assets or [Host.EnableAssets] the site has Assets too: object
// schemas, objects, searches and imports, on the site for an app or a user it
// acts for, and at the API gateway for container tokens, API tokens and, with the
// cloud id, for all callers of the gateway. A scope lets a call in; what it reaches
// is decided by the role of its user, see [Host.SetAssetsRole].
//
// The REST APIs are a selection. Known to be missing are attachTemporaryFile of
// Jira Service Management, the transitions and worklogs of issues, Confluence's
// search by CQL with its cursor, the granular scopes of Jira's platform API, where
// classic ones are asked for, and on a Data Center Assets and reading without
// credentials. A resource that is missing answers 404, after the check of who
// calls.
//
// The package signs and verifies with code of its own, so an error in the SDK
// cannot cancel itself out here. It is a tool for development and tests: it
// listens on loopback addresses only and must not be exposed to a network.
package devhost
