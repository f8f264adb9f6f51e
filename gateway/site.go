package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// SetNames gives the site the hosts that people know it by.
func (s *Site) SetNames(hosts []string) { s.names.Store(&hosts) }

// Names are the hosts of the site.
func (s *Site) Names() []string {
	if names := s.names.Load(); names != nil {
		return *names
	}
	return nil
}

// decidesLike reports whether two sites choose the same targets.
func (s *Site) decidesLike(o *Site) bool {
	return s.PolicyConfig == o.PolicyConfig && s.Limits.FuzzyModels == o.Limits.FuzzyModels
}

var errNoSite = errors.New("no site uses the ccload handler")

// siteOf finds the site that a question is about: the one with a host, or, if
// none is named, the only one. Of several that decide alike any will do.
func (g *Gateway) siteOf(host string) (*Site, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.sites) == 0 {
		return nil, errNoSite
	}
	last := g.sites[len(g.sites)-1]
	alike := true
	var hosts []string
	for _, s := range g.sites {
		names := s.Names()
		if host != "" && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, host) }) {
			return s, nil
		}
		hosts = append(hosts, names...)
		alike = alike && s.decidesLike(last)
	}
	slices.Sort(hosts)
	known := strings.Join(slices.Compact(hosts), ", ")
	switch {
	case host != "":
		return nil, fmt.Errorf("no site with the ccload handler has the host %q; there are %s", host, known)
	case !alike:
		return nil, fmt.Errorf("the sites with the ccload handler choose differently: name one with site; there are %s", known)
	}
	return last, nil
}

// SiteNames lists a host of each site, by which a question can name it.
func (g *Gateway) SiteNames() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	names := []string{}
	for _, s := range g.sites {
		if own := s.Names(); len(own) > 0 && !slices.Contains(names, own[0]) {
			names = append(names, own[0])
		}
	}
	slices.Sort(names)
	return names
}
