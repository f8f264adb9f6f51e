// Package transfer reads and writes files of channels, tokens and aliases: our
// own in JSON and CSV, those of the original ccLoad, its CSV export and its
// SQLite database, and those of other systems: LiteLLM, new-api, one-api,
// GPT-Load, CLIProxyAPI, claude-code-router and Portkey. It also writes a
// Caddyfile that declares what a file holds. Nothing of a file is dropped
// without a word: what cannot be used is a Problem, and what has no counterpart
// here is a note, or of another system's file a Line.
//
// Adding a system is a file with how it is recognised and how it is moved, and
// a row in systems.go.
//
// # JSON
//
// One object with the version of the format, and three lists, each of which
// may be left out:
//
//	{
//	  "ccload": 1,
//	  "channels": [{"name": "relay", "urls": [{"url": "https://relay.example"}],
//	    "keys": [{"secret": "sk-…", "note": "first", "disabled": true}]}],
//	  "tokens": [{"name": "alice", "secret_sha256": "2bb8…", "last_four": "9f3c"}],
//	  "aliases": [{"name": "fast", "models": ["gpt-5-mini", "claude-haiku-4-5"]}]
//	}
//
// The settings are those of config.Channel, config.Token and config.Alias, by
// the same names. Only keys differ: each is an object of secret, fingerprint,
// last_four, note and disabled. A file without secrets has the fingerprints,
// and tokens without secret_sha256; whoever imports it keeps the secrets that
// are there. A token written by hand may have secret instead of its hash.
//
// # CSV
//
// Channels only, one row each, after a row that names the columns. A column has
// the name of the setting in JSON; the order is free, and of all columns only
// name has to be there. An empty cell leaves a setting at its default.
//
//	name,urls,keys,models,priority,hours
//	relay,https://relay.example,"sk-one, sk-two","gpt-5, gpt-5-mini",10,"{""from"":""08:00"",""to"":""23:00""}"
//
// Cells hold:
//
//   - texts and numbers as they are, and true or false for switches;
//   - lists as their values with commas or line breaks between them, or as a
//     JSON array where a value holds one of those itself;
//   - urls as such a list, or as the array of objects it is in JSON if an
//     address has protocols of its own; keys likewise;
//   - everything else as it is in JSON.
//
// A spreadsheet would take a cell that begins with = + - @, a tab or a carriage
// return for a formula, and run it. Such a cell is written with a ' before it,
// and read without. The text is UTF-8; the separator may also be a semicolon or
// a tab, as some spreadsheets write it.
package transfer
