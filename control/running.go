package control

import (
	"net/http"

	"github.com/ccload/ccload/admin"
)

// underWay is the part of the Service that is about calls under way.
type underWay struct {
	state   *State
	gateway Gateway
}

// RunningCalls implements admin.Operator.
func (s underWay) RunningCalls(token string, most int) admin.RunningCalls {
	return s.state.Gateway.Running.List(token, most)
}

// EndCall implements admin.Operator.
func (s underWay) EndCall(who admin.Actor, id, why string) error {
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
func (s underWay) Play(w http.ResponseWriter, r *http.Request, who admin.Actor, p *admin.Play) (abort bool, err error) {
	return s.gateway.Play(w, r, who.Address, p)
}
