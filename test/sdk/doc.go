// Package sdk drives the gateway's real binary with the official Go SDKs of
// Anthropic, OpenAI and Google. It is a module of its own, so that nobody who
// builds the gateway downloads the SDKs.
package sdk
