package admin

// Catalogue is what this build knows, so that the dashboard can offer it.
type Catalogue struct {
	Version   string              `json:"version"`   // of this build
	Protocols []string            `json:"protocols"` // names of the wire formats
	Providers []CatalogueProvider `json:"providers"` // vendor presets
	Policies  []CatalogueModule   `json:"policies"`  // selection policies
	Stores    []CatalogueModule   `json:"stores"`    // kinds of databases
	Channel   []Option            `json:"channel"`   // settings of a channel
	Token     []Option            `json:"token"`     // settings of a client token
	Alias     []Option            `json:"alias"`     // settings of an alias
	Settings  []Option            `json:"settings"`  // settings that belong to no channel, token or alias
	Outcomes  []string            `json:"outcomes"`  // what can become of a call
	Scopes    []string            `json:"scopes"`    // what can cool down
}

// CatalogueProvider is a provider preset.
type CatalogueProvider struct {
	Name      string   `json:"name"`            // as it is written in a config
	Title     string   `json:"title,omitempty"` // for people
	Protocols []string `json:"protocols"`       // those it speaks, the preferred one first
	Models    []string `json:"models"`          // that it is known to serve
	NeedsURL  bool     `json:"needs_url"`       // a channel has to say its address
	URLs      []string `json:"urls"`            // its addresses; of one that needs its own, what they look like
	// KeyPatterns are what its keys look like, with * for any run of characters;
	// the longest pattern that fits a key tells whose it is.
	KeyPatterns []string `json:"key_patterns"`
}

// CatalogueModule is a module of Caddy's.
type CatalogueModule struct {
	Name    string   `json:"name"`          // as it is written in a config
	Doc     string   `json:"doc,omitempty"` // what it does
	Options []Option `json:"options"`       // its settings
}

// Option is one setting.
type Option struct {
	Name string `json:"name"`          // of the JSON field
	Type string `json:"type"`          // text, number, yes_no, list, map, object
	Doc  string `json:"doc,omitempty"` // what it means
}
