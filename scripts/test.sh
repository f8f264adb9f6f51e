#!/bin/sh
# Runs every test of the project. Needs Go; installs a C compiler for the race
# detector where it is missing and may be installed.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$1"; }

race=-race
if ! command -v gcc >/dev/null 2>&1 && ! command -v clang >/dev/null 2>&1; then
	if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
		say "installing gcc for the race detector"
		apt-get update -qq && apt-get install -y -qq gcc libc6-dev
	elif [ "${CI:-}" = true ]; then
		echo "no C compiler, so the race detector cannot run: install gcc" >&2
		exit 1
	else
		echo "NOTE: no C compiler, so the tests run WITHOUT the race detector: install gcc" >&2
		race=
	fi
fi

say "formatting and vet"
unformatted=$(gofmt -l . )
if [ -n "$unformatted" ]; then
	echo "not formatted: $unformatted" >&2
	exit 1
fi
go vet ./...

say "unit and end-to-end tests"
go test $race -timeout 20m ./...

say "official SDKs against the running gateway"
(cd test/sdk && go vet ./... && go test -timeout 10m ./...)
