package provider

import (
	"strings"

	"github.com/ccload/ccload/config"
)

// Region is where an upstream works on a call, if the channel or its address
// says it: some vendors take more for that. OpenAI names the region in front of
// its host, as in eu.api.openai.com.
// https://developers.openai.com/api/docs/guides/your-data
func Region(c *config.Channel, host string) string {
	if c.Region != "" {
		return c.Region
	}
	host, _, _ = strings.Cut(strings.ToLower(host), ":")
	if region, ok := strings.CutSuffix(host, ".api.openai.com"); ok && !strings.Contains(region, ".") {
		return region
	}
	return ""
}

// Vertex reports whether a channel's calls go to Google's Vertex AI.
func Vertex(c *config.Channel) bool {
	for _, u := range c.URLs {
		rest, _ := strings.CutPrefix(strings.ToLower(u.URL), "https://")
		host, _, _ := strings.Cut(rest, "/")
		host, _, _ = strings.Cut(host, ":")
		if strings.HasSuffix(host, "aiplatform.googleapis.com") {
			return true
		}
	}
	return false
}
