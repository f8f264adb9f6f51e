package control

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

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

// endNotePatience bounds how long a database that hangs holds up the answer.
const endNotePatience = 2 * time.Second

// EndCall implements admin.Operator.
func (s underWay) EndCall(ctx context.Context, who admin.Actor, id, why string) error {
	name := who.Name
	if who.Address != "" {
		name += " at " + who.Address
	}
	if !s.state.Gateway.Running.End(id, name, why) {
		return admin.NotRunning()
	}
	// It has ended, whatever becomes of the note: its record has it too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endNotePatience)
	defer cancel()
	if err := s.state.note(ctx, who, "end", "call", id); err != nil {
		s.state.Log().Error("that a call was ended could not be written into the audit trail", zap.String("id", id), zap.Error(err))
	}
	return nil
}

// Play implements admin.Operator.
func (s underWay) Play(w http.ResponseWriter, r *http.Request, who admin.Actor, p *admin.Play) (abort bool, err error) {
	return s.gateway.Play(w, r, who.Address, p)
}
