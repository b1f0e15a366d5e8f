package devhost

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// dcBasicSetting says whether passwords are taken, by the resource of Atlassian's
// plugin for it, /rest/basicauth/1.0/config.
type dcBasicSetting struct {
	mu           sync.Mutex
	off          bool
	paths, users []string // may use Basic all the same
}

// blocks reports whether a call with a password is refused. path is below the
// context path.
func (s *dcBasicSetting) blocks(path, username string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.off {
		return false
	}
	within := func(allowed string) bool {
		prefix, open := strings.CutSuffix(allowed, "*")
		return path == allowed || open && strings.HasPrefix(path, prefix)
	}
	named := func(u string) bool { return username != "" && strings.EqualFold(u, username) }
	return !slices.ContainsFunc(s.paths, within) && !slices.ContainsFunc(s.users, named)
}

type dcBasicConfig struct {
	Block *bool    `json:"block-requests"`
	Paths []string `json:"allowed-paths"`
	Users []string `json:"allowed-users"`
}

func (s *dcBasicSetting) body() dcBasicConfig {
	s.mu.Lock()
	defer s.mu.Unlock()
	off := s.off
	return dcBasicConfig{&off, append([]string{}, s.paths...), append([]string{}, s.users...)}
}

func readBasicConfig(q *query) (answer, error) {
	if err := q.need(Administer); err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, q.host.dc.basic.body()}, nil
}

// writeBasicConfig changes what the body names and leaves the rest.
func writeBasicConfig(q *query) (answer, error) {
	if err := q.need(Administer); err != nil {
		return answer{}, err
	}
	var in dcBasicConfig
	if err := q.decode(&in, true); err != nil {
		return answer{}, err
	}
	s := &q.host.dc.basic
	s.mu.Lock()
	if in.Block != nil {
		s.off = *in.Block
	}
	if in.Paths != nil {
		s.paths = in.Paths
	}
	if in.Users != nil {
		s.users = in.Users
	}
	s.mu.Unlock()
	return answer{http.StatusOK, s.body()}, nil
}
