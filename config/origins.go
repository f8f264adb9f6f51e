package config

import (
	"net/url"
	"strings"
)

// AnyOrigin stands in allow_origins for every origin.
const AnyOrigin = "*"

// checkOrigin checks one of allow_origins: a scheme and a host, as browsers
// send them in Origin.
func checkOrigin(origin string) *Error {
	if origin == AnyOrigin {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(origin, "#") ||
		!validPort(u.Port()) || strings.ContainsAny(u.Host, "*, ") {
		return &Error{
			Field: "allow_origins", Value: showURL(origin),
			Problem: "is no origin: write scheme and host without a path, as in https://app.example.com, or * for every site",
		}
	}
	return nil
}
