package admin

// Catalogue is what this build knows, so that the dashboard can offer it.
type Catalogue struct {
	Version   string              `json:"version"`
	Protocols []string            `json:"protocols"`
	Providers []CatalogueProvider `json:"providers"`
	Policies  []CatalogueModule   `json:"policies"`
	Stores    []CatalogueModule   `json:"stores"`
	Channel   []Option            `json:"channel"`
	Token     []Option            `json:"token"`
	Alias     []Option            `json:"alias"`
	Settings  []Option            `json:"settings"`
	Outcomes  []string            `json:"outcomes"`
	Scopes    []string            `json:"scopes"`
}

// CatalogueProvider is a provider preset.
type CatalogueProvider struct {
	Name      string   `json:"name"`
	Title     string   `json:"title,omitempty"`
	Protocols []string `json:"protocols"`
	Models    []string `json:"models"`
	NeedsURL  bool     `json:"needs_url"`
}

// CatalogueModule is a module of Caddy's.
type CatalogueModule struct {
	Name    string   `json:"name"`
	Doc     string   `json:"doc,omitempty"`
	Options []Option `json:"options"`
}

// Option is one setting.
type Option struct {
	Name string `json:"name"` // of the JSON field
	Type string `json:"type"` // text, number, yes_no, list, map, object
	Doc  string `json:"doc,omitempty"`
}
