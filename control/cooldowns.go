package control

import (
	"context"
	"net/http"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/health"
)

// Rest implements admin.Operator.
func (s *Service) Rest(ctx context.Context, who admin.Actor, which health.Ref, until time.Time) error {
	now := time.Now()
	ch := s.gateway.Table().ByName[which.Channel]
	switch {
	case which.Scope == ai.ScopeNone:
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "scope", "scope is missing; there are %v", ai.Scopes()[1:])
	case which.Scope == ai.ScopeGroup && which.Group == "":
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "group", "which group shall rest?")
	case which.Scope != ai.ScopeGroup && ch == nil:
		return admin.Problemf(http.StatusNotFound, admin.CodeNotFound, "channel", "there is no channel %q", which.Channel)
	case !until.After(now) || until.After(now.Add(366*24*time.Hour)):
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "until", "until must be a moment within the next year")
	}
	if err := s.state.Routing.Tracker.StartCooldown(health.Entry{Ref: which, Until: until, Kind: ai.RateLimited, Rule: "by hand", Message: "rests because " + who.Name + " said so", Since: now}); err != nil {
		return admin.Problemf(http.StatusBadRequest, admin.CodeInvalid, "", "%s", err.Error())
	}
	return s.state.note(ctx, who, "rest", which.Scope.String(), which.Channel+which.Group)
}

// ClearCooldowns implements admin.Operator.
func (s *Service) ClearCooldowns(ctx context.Context, who admin.Actor, which health.Ref) (int, error) {
	n := s.DropCooldowns(which)
	if n == 0 {
		return 0, nil
	}
	return n, s.state.note(ctx, who, "clear", "cooling", which.Channel+which.Group)
}

// DropCooldowns ends cooldowns early.
func (s *Service) DropCooldowns(which health.Ref) int {
	return s.state.Routing.Tracker.Clear(func(r health.Ref) bool {
		return (which.Scope == ai.ScopeNone || which.Scope == r.Scope) &&
			(which.Channel == "" || which.Channel == r.Channel) && (which.URL == "" || which.URL == r.URL) &&
			(which.Key == "" || which.Key == r.Key) && (which.Model == "" || which.Model == r.Model) &&
			(which.Group == "" || which.Group == r.Group) && (which.Protocol == "" || which.Protocol == r.Protocol)
	})
}
