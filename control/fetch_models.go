package control

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/config"
)

// fetchTimeout bounds asking an upstream for its models.
const fetchTimeout = 20 * time.Second

// FetchModels implements admin.Operator.
func (s *Service) FetchModels(ctx context.Context, who admin.Actor, name string, unsaved *admin.ChannelConfig) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var names []string
	var err error
	if unsaved == nil {
		names, err = s.gateway.FetchModels(ctx, name)
	} else {
		var c *config.Channel
		if c, err = s.unsavedChannel(who, unsaved); err != nil {
			return nil, problemOf(err)
		}
		if names, err = s.gateway.FetchModelsOf(ctx, c); err != nil {
			return nil, problemOf(err)
		}
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// unsavedChannel is a channel that somebody is just writing.
func (s *Service) unsavedChannel(who admin.Actor, in *admin.ChannelConfig) (*config.Channel, error) {
	conf := in.Channel
	conf.Name = cmp.Or(conf.Name, "unsaved")
	conf.HeaderUp = conf.HeaderUp.Clone()
	var before *config.Channel
	var has []storedKey
	was := s.state.stored.Load().channel(in.Name)
	if was != nil {
		before, has = was.Conf, was.Keys
	}
	if err := unmask(&conf, before); err != nil {
		return nil, err
	}
	keys, err := keysOf(in.Keys, has, conf.Name)
	if err != nil {
		return nil, err
	}
	if err := staysHome(who, was, in, &conf); err != nil {
		return nil, err
	}
	if keys == nil {
		keys = has
	}
	conf.Keys = usedKeys(keys)
	if err := noPlaceholders(&conf, keys); err != nil {
		return nil, err
	}
	if err := conf.Validate(); err != nil {
		return nil, err
	}
	return &conf, nil
}
