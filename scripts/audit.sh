#!/bin/sh
# Looks at what the program is made of besides its own code: that the modules
# are what go.sum says, under which licences they come, and whether a known
# vulnerability is among them. The last needs https://vuln.go.dev, or another
# database that GOVULNDB names; without it that is said and not held against
# the project.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$1"; }

say "modules are what go.sum says"
go mod verify

# licence_of names the licence of a module's folder by the words of its text.
licence_of() {
	for file in "$1"/LICENSE* "$1"/LICENCE* "$1"/License* "$1"/COPYING* "$1"/license*; do
		[ -f "$file" ] || continue
		text=$(tr -s '[:space:]' ' ' <"$file")
		case $text in
		*"GNU AFFERO GENERAL PUBLIC"*) echo AGPL ;;
		*"GNU LESSER GENERAL PUBLIC"*) echo LGPL ;;
		*"GNU GENERAL PUBLIC LICENSE"*) echo GPL ;;
		*"Apache License"*) echo Apache-2.0 ;;
		*"Mozilla Public License"*) echo MPL-2.0 ;;
		*"Permission is hereby granted, free of charge"*) echo MIT ;;
		*"Redistribution and use in source and binary forms"*) echo BSD ;;
		*"Permission to use, copy, modify, and"*) echo ISC ;;
		*"Creative Commons"*"CC0"* | *"CC0 1.0"* | *"This is free and unencumbered software"*) echo "public domain" ;;
		*) continue ;;
		esac
		return
	done
	echo unknown
}

say "licences of what is compiled in"
list=$(mktemp)
trap 'rm -f "$list"' EXIT
go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' ./cmd/caddy | sort -u |
	while read -r path version dir; do
		printf '%s %s %s\n' "$(licence_of "$dir" | tr ' ' '-')" "$path" "$version"
	done | sort >"$list"
cat "$list"
if grep -E '^(unknown|A?GPL|LGPL) ' "$list" >&2; then
	echo "these may not be compiled in, or nobody has looked yet: replace them, or teach scripts/audit.sh their licence" >&2
	exit 1
fi

say "known vulnerabilities"
database=${GOVULNDB:-https://vuln.go.dev}
status=0
go tool -modfile=tools/go.mod govulncheck -db "$database" ./... >"$list" 2>&1 || status=$?
if [ "$status" != 0 ] && [ "$status" != 3 ] && grep -q 'fetching vulnerabilities' "$list"; then
	echo "NOTE: $database cannot be reached, so NOTHING IS KNOWN OF VULNERABILITIES:" >&2
	tail -n 3 "$list" >&2
	exit 0
fi
cat "$list" # 3 says that some were found
exit "$status"
