package devhost

import "slices"

// scopeRank orders the scopes of the chain, in which each implies those of
// lower rank. Rank 0 stands outside the chain.
var scopeRank = map[string]int{
	"NONE":                   0,
	"READ":                   1,
	"WRITE":                  2,
	"DELETE":                 3,
	"PROJECT_ADMIN":          4,
	"SPACE_ADMIN":            4,
	"ADMIN":                  5,
	"ACT_AS_USER":            0,
	"ACCESS_EMAIL_ADDRESSES": 0,
}

// grants reports whether the scopes held contain or imply need.
func grants(held []string, need string) bool {
	if need == "" || need == "NONE" || slices.Contains(held, need) {
		return true
	}
	rank := scopeRank[need]
	return rank > 0 && slices.ContainsFunc(held, func(s string) bool { return scopeRank[s] > rank })
}
