#!/bin/sh
# Runs every test of the project. Needs Go; installs a C compiler for the race
# detector, MariaDB, and node and Chromium for the dashboard's tests where they
# are missing and may be installed.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$1"; }

# What was started and unpacked goes with the script, however it ends.
unpacked=
server=
database=
gateway=
tidy() {
	status=$?
	trap - EXIT
	if [ -n "$database" ]; then
		kill "$database" 2>/dev/null || true
		wait "$database" 2>/dev/null || true
	fi
	if [ -n "$server" ]; then rm -rf "$server"; fi
	if [ -n "$unpacked" ]; then rm -rf "$unpacked"; fi
	if [ -n "$gateway" ]; then rm -rf "$gateway"; fi
	exit "$status"
}
trap tidy EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

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

# no_mysql says what is not tested; nothing passes for tested where it counts.
no_mysql() {
	echo "NOTE: $1, so NOTHING IS TESTED ON MYSQL OR MARIADB." >&2
	echo "NOTE: install mariadb-server, or name a server where databases may be made:" >&2
	echo "NOTE: CCLOAD_TEST_MYSQL='user:password@tcp(127.0.0.1:3306)/' sh scripts/test.sh" >&2
	if [ "${CI:-}" = true ]; then exit 1; fi
}

# start_mariadb starts a server of its own in a temporary folder. It listens on
# a socket there only, and touches no other server of this machine.
start_mariadb() {
	server=$(mktemp -d)
	as=--user=$(id -un)
	if ! mariadb-install-db --no-defaults "$as" --datadir="$server/data" --auth-root-authentication-method=normal \
		--skip-test-db >"$server/log" 2>&1; then
		cat "$server/log" >&2
		return 1
	fi
	mariadbd --no-defaults "$as" --datadir="$server/data" --socket="$server/sock" --pid-file="$server/pid" \
		--skip-networking --innodb-flush-log-at-trx-commit=2 >>"$server/log" 2>&1 &
	database=$!
	tries=0
	until mariadb-admin --no-defaults --socket="$server/sock" --user=root ping >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ "$tries" -gt 60 ] || ! kill -0 "$database" 2>/dev/null; then
			cat "$server/log" >&2
			return 1
		fi
		sleep 1
	done
	CCLOAD_TEST_MYSQL="root@unix($server/sock)/"
	export CCLOAD_TEST_MYSQL
}

PATH=$PATH:/usr/sbin:/usr/local/sbin # where some systems keep mariadbd
if [ -n "${CCLOAD_TEST_MYSQL:-}" ]; then
	say "the tests of MySQL use the server in CCLOAD_TEST_MYSQL"
else
	if ! command -v mariadbd >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
		say "installing MariaDB for the tests of MySQL"
		# The package would start a server of its own on the usual port.
		(apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq mariadb-server) ||
			echo "MariaDB could not be installed" >&2
	fi
	if ! command -v mariadbd >/dev/null 2>&1 || ! command -v mariadb-install-db >/dev/null 2>&1; then
		no_mysql "there is no MariaDB server"
	else
		say "starting a MariaDB server for the tests of MySQL"
		start_mariadb || no_mysql "the MariaDB server did not start"
	fi
fi

say "unit and end-to-end tests"
go test $race -timeout 20m ./...

if [ -n "$race" ]; then
	say "what a call allocates, which the race detector would change"
	go test ./bench/allocs
fi

# What lies outside a test's module is not in the key of go's cache of results:
# both modules are always tested.
say "the dashboard's files are what its sources make"
(cd admin/ui/build && go vet ./... && go test -count=1 ./...)

say "official SDKs against the running gateway"
(cd test/sdk && go vet ./... && go test -count=1 -timeout 10m ./...)

# no_browser says what is not tested; nothing passes for tested where it counts.
no_browser() {
	echo "NOTE: $1, so NOTHING OF THE DASHBOARD IS TESTED IN A BROWSER." >&2
	echo "NOTE: install nodejs 20.10 or later, npm and chromium, or name a browser:" >&2
	echo "NOTE: CHROMIUM=/path/to/chromium sh scripts/test.sh" >&2
	if [ "${CI:-}" = true ]; then exit 1; fi
}

# find_browser puts the first browser that starts into CHROMIUM. What is there
# may be a stub that wants a snap, as on Ubuntu.
find_browser() {
	if [ -n "${CHROMIUM:-}" ]; then set -- "$CHROMIUM"; else set -- chromium chromium-browser google-chrome; fi
	for one; do
		found=$(command -v "$one") || continue
		if "$found" --version >/dev/null 2>&1; then
			CHROMIUM=$found
			export CHROMIUM
			return 0
		fi
	done
	return 1
}

node_is_new() {
	command -v npm >/dev/null 2>&1 &&
		node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 10) ? 0 : 1)' 2>/dev/null
}

missing=
if ! command -v node >/dev/null 2>&1; then missing="$missing nodejs"; fi
if ! command -v npm >/dev/null 2>&1; then missing="$missing npm"; fi
# Ubuntu's package is a stub for a snap: a browser is named there.
if [ -z "${CHROMIUM:-}" ] && ! find_browser && ! grep -q '^ID=ubuntu' /etc/os-release 2>/dev/null; then
	missing="$missing chromium"
fi
if [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
	say "installing$missing for the tests of the dashboard"
	# shellcheck disable=SC2086 # a list
	(apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing) ||
		echo "$missing could not be installed" >&2
fi
if ! node_is_new; then
	no_browser "there is no npm with node 20.10 or later"
elif ! find_browser; then
	no_browser "no Chromium starts${CHROMIUM:+ at $CHROMIUM}"
else
	say "the dashboard in $("$CHROMIUM" --version 2>/dev/null)"
	gateway=$(mktemp -d)
	CCLOAD_BINARY=$gateway/caddy
	export CCLOAD_BINARY
	go build -o "$CCLOAD_BINARY" ./cmd/caddy
	(cd test/browser && npm ci --no-audit --no-fund && npm run types && npm test)
fi
