package connect

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// scopeWatch logs, before the host answers 403, that a call needs a scope which
// the descriptor does not have: once for each operation, and in development
// alone. Operations that are not known pass in silence.
type scopeWatch struct {
	scopes descriptor.Scopes
	logger *slog.Logger
	told   sync.Map // of operations by method and path
}

// before is for hostclient.Config.
func (s *scopeWatch) before(r *http.Request) {
	o, known := descriptor.OperationFor(r.Method, belowSite(r.URL.Path))
	if !known || o.Allowed(s.scopes) {
		return
	}
	if _, before := s.told.LoadOrStore(o.Method+" "+o.Path, true); !before {
		s.tell(r, o)
	}
}

func (s *scopeWatch) tell(r *http.Request, o descriptor.Operation) {
	operation := slog.String("operation", o.Method+" "+o.Path)
	if o.Inaccessible {
		s.logger.LogAttrs(r.Context(), slog.LevelWarn, "the host lets no Connect app make this call", operation)
		return
	}
	s.logger.LogAttrs(r.Context(), slog.LevelWarn, "this call wants a scope that the descriptor does not have", operation,
		slog.String("wants", string(o.Scope)), slog.Any("has", s.scopes))
}

// belowSite is a path without what a site may have in front, as a host on one's
// own machine does.
func belowSite(path string) string {
	begin := -1
	for _, start := range []string{"/wiki/", "/rest/"} {
		if i := strings.Index(path, start); i >= 0 && (begin < 0 || i < begin) {
			begin = i
		}
	}
	return path[max(begin, 0):]
}
