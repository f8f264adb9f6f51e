#!/bin/sh
# Builds the image from binaries, for one architecture or several:
#   build.sh <tag> <architecture>=<binary> …
# with docker buildx, or with buildah, neither of which needs a network for it.
set -eu
tag=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
list=
for pair in "$@"; do
	sh "$here/rootfs.sh" "${pair#*=}" "$work/rootfs/${pair%%=*}"
	list="$list,linux/${pair%%=*}"
done
list=${list#,}
if command -v buildah >/dev/null 2>&1; then
	# Of one architecture the tag is an image, of several a list of them.
	for pair in "$@"; do
		arch=${pair%%=*}
		if [ $# = 1 ]; then into="--tag $tag"; else into="--manifest $tag"; fi
		# shellcheck disable=SC2086 # two words
		buildah build --format docker --arch "$arch" --build-arg TARGETARCH="$arch" $into \
			--file "$here/Containerfile" "$work"
	done
else
	docker buildx build --platform "$list" --tag "$tag" --file "$here/Containerfile" ${PUSH:+--push} "$work"
fi
