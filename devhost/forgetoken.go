package devhost

import (
	"fmt"
	"slices"
	"time"
)

// ForgeToken returns a Bearer as a Forge app gets it for a user: it works at the
// gateway with the scopes named until its life is over, and cannot be refreshed.
// Atlassian's are tokens of three parts; this one says nothing to its holder. It
// fails on a Data Center.
func (h *Host) ForgeToken(accountID string, life time.Duration, scopes ...string) (string, error) {
	if err := h.needCloud("Forge apps"); err != nil {
		return "", err
	}
	if u, ok := h.jira.user(accountID); !ok || u.Inactive {
		return "", fmt.Errorf("devhost: Forge token: user %q is not active", accountID)
	}
	if life <= 0 {
		return "", fmt.Errorf("devhost: Forge token: a life of %s is none", life)
	}
	return h.cloud.auth.newBearer(kindForge, consent{accountID: accountID, scopes: slices.Clone(scopes)}, life), nil
}
