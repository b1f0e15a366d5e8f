package devhost

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// patPath is where personal access tokens are managed.
const patPath = "/rest/pat/latest/tokens"

// maxPATs is how many personal access tokens a user may have, by the default of
// Atlassian's settings.
const maxPATs = 10

// dcPAT is a personal access token.
type dcPAT struct {
	id               int
	name, accountID  string
	created, expires time.Time // expires is zero for never
}

func (p *dcPAT) over(now time.Time) bool { return !p.expires.IsZero() && !now.Before(p.expires) }

// dcPATs are the tokens by their raw text.
type dcPATs struct {
	mu     sync.Mutex
	lastID int
	byRaw  map[string]*dcPAT
}

// patBody tells of a token. Raw is there only when it is made.
type patBody struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Created  string `json:"createdAt"`
	Expiring string `json:"expiringAt,omitempty"`
	Raw      string `json:"rawToken,omitempty"`
}

func (p *dcPAT) body(raw string) patBody {
	return patBody{p.id, p.name, timeText(p.created), timeText(p.expires), raw}
}

// add makes a token. life is in whole days, 0 for no end.
func (l *dcPATs) add(accountID, name string, days int, now time.Time) (raw string, p *dcPAT, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.of(accountID)) >= maxPATs {
		return "", nil, fmt.Errorf("the user has %d personal access tokens, which is the limit", maxPATs)
	}
	l.lastID++
	p = &dcPAT{id: l.lastID, name: name, accountID: accountID, created: now}
	if days > 0 {
		p.expires = now.AddDate(0, 0, days)
	}
	raw = base64.StdEncoding.EncodeToString(append(fmt.Appendf(nil, "%012d:", p.id), randomBytes(20)...))
	if l.byRaw == nil {
		l.byRaw = make(map[string]*dcPAT)
	}
	l.byRaw[raw] = p
	return raw, p, nil
}

// of lists the tokens of a user, oldest first. It needs l.mu.
func (l *dcPATs) of(accountID string) []*dcPAT {
	list := slices.DeleteFunc(slices.Collect(maps.Values(l.byRaw)), func(p *dcPAT) bool { return p.accountID != accountID })
	slices.SortFunc(list, func(a, b *dcPAT) int { return a.id - b.id })
	return list
}

// patCaller finds the user of a token. why is empty when there is none such.
func (h *Host) patCaller(raw string) (c *caller, why string) {
	h.dc.pats.mu.Lock()
	defer h.dc.pats.mu.Unlock()
	p := h.dc.pats.byRaw[raw]
	switch {
	case p == nil:
		return nil, ""
	case p.over(h.clock()):
		return nil, "personal access token has expired"
	}
	return &caller{kind: kindPAT, accountID: p.accountID}, ""
}

// AddPAT makes a personal access token for a user, as the user could in the
// profile: where passwords are turned off there is no other way to the first
// one. days is how long it is good; 0 means without end. A user has 10 at most.
func (h *Host) AddPAT(username, name string, days int) (string, error) {
	if err := h.needDataCenter(); err != nil {
		return "", err
	}
	u, ok := h.jira.username(username)
	if !ok {
		return "", fmt.Errorf("devhost: user name %q is not that of an active user", username)
	}
	raw, _, err := h.dc.pats.add(u.AccountID, name, days, h.clock())
	if err != nil {
		return "", fmt.Errorf("devhost: user %q: %w", username, err)
	}
	return raw, nil
}

func listPATs(q *query) (answer, error) {
	l := &q.host.dc.pats
	l.mu.Lock()
	defer l.mu.Unlock()
	list := []patBody{}
	for _, p := range l.of(q.caller.accountID) {
		list = append(list, p.body(""))
	}
	return answer{http.StatusOK, list}, nil
}

func createPAT(q *query) (answer, error) {
	var in struct {
		Name string   `json:"name"`
		Days *float64 `json:"expirationDuration"`
	}
	if err := q.decode(&in, false); err != nil {
		return answer{}, err
	}
	days := 0
	switch {
	case strings.TrimSpace(in.Name) == "":
		return answer{}, faultf(http.StatusBadRequest, "The name of a personal access token must not be empty.")
	case in.Days == nil:
	case *in.Days < 1 || *in.Days > 36500 || *in.Days != math.Trunc(*in.Days):
		return answer{}, faultf(http.StatusBadRequest, "expirationDuration must be a number of days of 1 or more.")
	default:
		days = int(*in.Days)
	}
	raw, p, err := q.host.dc.pats.add(q.caller.accountID, in.Name, days, q.host.clock())
	if err != nil {
		return answer{}, faultf(http.StatusBadRequest, "You have reached the limit of %d personal access tokens.", maxPATs)
	}
	return answer{http.StatusCreated, p.body(raw)}, nil
}

// ownPAT finds a token of the caller by the id of the path, and calls f while
// nothing changes.
func (q *query) ownPAT(f func(raw string, p *dcPAT)) error {
	id, err := strconv.Atoi(q.PathValue("token"))
	l := &q.host.dc.pats
	l.mu.Lock()
	defer l.mu.Unlock()
	for raw, p := range l.byRaw {
		if err == nil && p.id == id && p.accountID == q.caller.accountID {
			f(raw, p)
			return nil
		}
	}
	return faultf(http.StatusNotFound, "There is no such personal access token.")
}

func readPAT(q *query) (answer, error) {
	var b patBody
	err := q.ownPAT(func(_ string, p *dcPAT) { b = p.body("") })
	return answer{http.StatusOK, b}, err
}

func deletePAT(q *query) (answer, error) {
	err := q.ownPAT(func(raw string, _ *dcPAT) { delete(q.host.dc.pats.byRaw, raw) })
	return answer{status: http.StatusNoContent}, err
}
