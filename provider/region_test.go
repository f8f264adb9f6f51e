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
