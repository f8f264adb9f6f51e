package control

import (
	"net/http"

	"github.com/ccload/ccload/admin"
)

// RunningCalls implements admin.Operator.
func (s *Service) RunningCalls(token string, most int) admin.RunningCalls {
	return s.state.Gateway.Running.List(token, most)
}

// EndCall implements admin.Operator.
func (s *Service) EndCall(who admin.Actor, id, why string) error {
	name := who.Name
	if who.Address != "" {
		name += " at " + who.Address
	}
	if !s.state.Gateway.Running.End(id, name, why) {
		return admin.NotRunning()
	}
	return nil
}

// Play implements admin.Operator.
func (s *Service) Play(w http.ResponseWriter, r *http.Request, who admin.Actor, p *admin.Play) (abort bool, err error) {
	return s.gateway.Play(w, r, who.Address, p)
}
