// Package oauth1 is OAuth 1.0a as Jira Server and Data Center speak it to an
// application link: RFC 5849 with RSA-SHA1.
//
// A Consumer is one application link. A user lets it act for him in a dance of
// three steps, after which it signs requests with his token:
//
//	key, err := oauth1.ParsePrivateKey(pem)
//	jira, err := oauth1.New(oauth1.Config{
//		BaseURL:     "https://jira.example.com/jira",
//		ConsumerKey: "my-app",
//		Signer:      oauth1.RSASHA1(key),
//		CallbackURL: "https://app.example.com/oauth/callback",
//	})
//	temporary, err := jira.RequestToken(ctx)
//	// the user visits jira.AuthorizeURL(temporary) and brings a verifier back
//	token, err := jira.AccessToken(ctx, temporary, verifier)
//	err = jira.Sign(request, token)
//
// In a web app, Browser is the two pages that lead a user through the dance.
//
// A signature covers the method, the URL with its whole query, and the pairs of
// a form in the body; other bodies are not signed. Each one has a nonce and a
// time of its own, so a request that is sent again must be signed again, and
// whatever changes a request must do so before.
//
// A token stands for its user in everything he may do: OAuth 1.0a has no scopes.
// Jira's tokens last five years where nobody set otherwise. Jira Cloud has
// deprecated OAuth 1.0a; there, use OAuth 2.0.
package oauth1
