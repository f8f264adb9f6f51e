package control

import (
	"context"

	"github.com/ccload/ccload/admin"
)

// AliasConfigs implements admin.Operator.
func (s *Service) AliasConfigs() []admin.AliasConfig {
	made := s.state.stored.Load().all().aliases
	list := make([]admin.AliasConfig, 0, len(s.declared.Aliases)+len(made))
	for _, l := range s.declared.Aliases {
		list = append(list, admin.AliasConfig{Alias: *l, Origin: declared})
	}
	for _, l := range made {
		list = append(list, admin.AliasConfig{Alias: *l.Conf, Origin: stored, Created: l.Created, Updated: l.Updated})
	}
	return list
}

// SaveAlias implements admin.Operator.
func (s *Service) SaveAlias(ctx context.Context, who admin.Actor, name string, in admin.AliasConfig) (admin.AliasConfig, error) {
	err := s.apply(ctx, who, func(cs *changeSet) error {
		conf := in.Alias
		return cs.putAlias(name, &conf)
	})
	if err != nil {
		return admin.AliasConfig{}, err
	}
	in.Origin = stored
	if is := s.state.stored.Load().alias(in.Name); is != nil {
		in.Created, in.Updated = is.Created, is.Updated
	}
	return in, nil
}

// RemoveAliases implements admin.Operator.
func (s *Service) RemoveAliases(ctx context.Context, who admin.Actor, names []string) error {
	return s.apply(ctx, who, func(cs *changeSet) error { return each(names, cs.removeAlias) })
}
