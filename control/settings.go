package control

import (
	"context"
	"net/http"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
)

// Settings implements admin.Operator.
func (s *Service) Settings() admin.SettingsConfig {
	whole, _ := merged(s.declared, s.state.stored.Load())
	shown := admin.SettingsConfig{Settings: config.Settings{Retention: whole.Retention, Capture: whole.Capture}, Declared: []string{}}
	if s.declared.Retention != nil {
		shown.Declared = append(shown.Declared, "retention")
	}
	if s.declared.Capture != nil {
		shown.Declared = append(shown.Declared, "capture")
	}
	return shown
}

// SaveSettings implements admin.Operator.
func (s *Service) SaveSettings(ctx context.Context, who admin.Actor, next config.Settings) (admin.SettingsConfig, error) {
	for _, name := range s.Settings().Declared {
		if name == "retention" && next.Retention != nil || name == "capture" && next.Capture != nil {
			return admin.SettingsConfig{}, admin.Problemf(http.StatusConflict, admin.CodeDeclared, name, "%s is declared in the config, and is changed there", name)
		}
	}
	err := s.apply(ctx, who, func(cs *changeSet) error { return cs.putSettings(next) })
	return s.Settings(), err
}
