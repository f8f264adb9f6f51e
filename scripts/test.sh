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

# A larger collection of recordings, where there is one, is replayed too.
corpus=../shared/corpus/open.tar.xz
if [ -z "${CCLOAD_CORPUS:-}" ] && [ -f "$corpus" ] && command -v xz >/dev/null 2>&1; then
	unpacked=$(mktemp -d)
	trap 'rm -rf "$unpacked"' EXIT
	tar -xJf "$corpus" -C "$unpacked"
	export CCLOAD_CORPUS="$unpacked/corpus/open"
	CCLOAD_TOKENS_TRUTH="$(cd ../shared/corpus && pwd)/tokens_truth.csv"
	export CCLOAD_TOKENS_TRUTH
fi
if [ -n "${CCLOAD_CORPUS:-}" ]; then
	say "replaying the recordings in $CCLOAD_CORPUS"
else
	say "replaying only the recordings in testdata; CCLOAD_CORPUS names a folder of more"
fi

say "unit and end-to-end tests"
go test $race -timeout 20m ./...

say "official SDKs against the running gateway"
(cd test/sdk && go vet ./... && go test -timeout 10m ./...)
