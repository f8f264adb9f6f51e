#!/bin/sh
# Makes a release of the commit that is checked out: dist/ with an archive and a
# list of contents for every platform, and SHA256SUMS. It refuses a tree with
# changes, and one whose tests fail; CCLOAD_TESTED=<commit> says that they have
# passed, as CI does after running them.
set -eu
cd "$(dirname "$0")/.."

if [ -n "$(git status --porcelain)" ]; then
	echo "release: there are changes that are not committed:" >&2
	git status --short >&2
	exit 1
fi
commit=$(git rev-parse HEAD)
if [ "${CCLOAD_TESTED:-}" != "$commit" ]; then
	if ! sh scripts/test.sh; then
		echo "release: the tests of $commit fail, so nothing is made" >&2
		exit 1
	fi
fi
rm -rf dist
exec go run ./scripts/release "$@"
