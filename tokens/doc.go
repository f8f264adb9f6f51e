// Package tokens counts the tokens of requests and texts without asking
// anybody: for endpoints that count, for usage no provider reported, and for
// the budget a request reserves before it is sent.
//
// Where OpenAI publishes the encoding, texts are counted exactly. Everything
// else is a family: how many tokens its models report for what o200k_base
// counts, and for what stands around it, fitted to recorded requests. What
// nobody publishes, such as hidden prompts for tools, is learned from reports.
//
// Texts and tool definitions are segments, which are counted once and then
// remembered by their hash, so that a growing conversation costs its new turn.
// Pictures, documents and sound are counted from their headers.
package tokens
