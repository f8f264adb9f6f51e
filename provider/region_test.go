package provider_test

import (
	"testing"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

func TestRegion(t *testing.T) {
	for _, row := range []struct{ given, host, want string }{
		{"", "api.openai.com", ""},
		{"", "eu.api.openai.com", "eu"},
		{"", "US.api.openai.com:443", "us"},
		{"", "a.b.api.openai.com", ""},
		{"", "eu.api.openai.com.example.com", ""},
		{"", "notapi.openai.com", ""},
		{"us", "my.openai.azure.com", "us"},
		{"us", "eu.api.openai.com", "us"},
	} {
		if got := provider.Region(&config.Channel{Region: row.given}, row.host); got != row.want {
			t.Errorf("%q at %s: %q, want %q", row.given, row.host, got, row.want)
		}
	}
}

func TestVertex(t *testing.T) {
	for address, want := range map[string]bool{
		"https://us-central1-aiplatform.googleapis.com/v1/projects/p": true,
		"https://aiplatform.googleapis.com:443":                       true,
		"https://generativelanguage.googleapis.com":                   false,
		"https://relay.example/aiplatform.googleapis.com":             false,
	} {
		if got := provider.Vertex(&config.Channel{URLs: []config.URL{{URL: address}}}); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if provider.Vertex(&config.Channel{}) {
		t.Error("a channel without an address")
	}
}
