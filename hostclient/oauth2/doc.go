// Package oauth2 is OAuth 2.0 as Atlassian's Cloud and its Data Centers speak it:
// three-legged (3LO) for users, and client credentials for service accounts.
//
// An App is one client of one authorization server. A user's browser brings a
// code, which Exchange turns into a token; under a key of the app's choice, such as
// the user's account id, the token lives in a store of package tokenstore. A
// Credential calls the host with it, and renews it:
//
//	app, err := oauth2.NewCloud(oauth2.Config{
//		ClientID: id, ClientSecret: secret, RedirectURL: "https://app.example.com/callback",
//		Scopes:   []string{"read:jira-work", "offline_access"},
//		Tokens:   tokens,
//	}, hostclient.Cloud{})
//	token, err := app.Exchange(ctx, code, verifier)
//	err = app.Save(ctx, accountID, token)
//	sites, err := app.Resources(ctx, accountID)
//	site, err := sites[0].Site(hostclient.Jira)
//	cred, err := app.Credential(accountID, site)
//	jira := hosts.Client(cred)
//
// In a web app, Browser is the two pages that lead a user there and back.
//
// # Rotation
//
// Each refresh makes a new refresh token and disables the one that was used. So it
// is made once, however many wait, apart from the caller's cancellation; the new
// token is stored before it is used, by compare-and-swap; and whoever finds that
// another process was faster takes what that one stored. When a token cannot be
// stored the call fails, and the next one tries to store it first. App.Wait, at the
// end of a process, waits for what is under way. Without Config.Tokens the tokens are
// in memory, and users consent anew after a restart.
//
// Atlassian forbids apps to have their customers make OAuth 2.0 apps of their own,
// and a client secret must not be part of what is handed to customers: the token
// endpoint wants one, PKCE or not (OAUTH20-2491).
package oauth2
