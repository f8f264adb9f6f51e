#!/bin/sh
# Builds the Debian package: build.sh <binary> <version> <architecture> <folder>.
# It installs the binary as /usr/bin/caddy, in place of Debian's package caddy,
# and the unit ccload.service. The same input gives the same package.
set -eu
binary=$1
version=${2#v}
architecture=$3
out=$4
here=$(cd "$(dirname "$0")" && pwd)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null || echo 1767225600)}
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
case $version in [0-9]*) ;; *) version="0~$version" ;; esac
mkdir -p "$root/DEBIAN" "$root/usr/bin" "$root/lib/systemd/system" "$root/etc/ccload" "$root/etc/default" "$root/usr/share/doc/ccload" "$out"
cp "$binary" "$root/usr/bin/caddy"
cp "$here/../systemd/ccload.service" "$root/lib/systemd/system/ccload.service"
cp "$here/../systemd/Caddyfile" "$root/etc/ccload/Caddyfile"
cp "$here/default" "$root/etc/default/ccload"
cp "$here/../../LICENSE" "$root/usr/share/doc/ccload/copyright"
cat >"$root/DEBIAN/control" <<CONTROL
Package: ccload
Version: $(printf %s "$version" | tr - '~')
Architecture: $architecture
Maintainer: ccload <ccload@users.noreply.github.com>
Section: web
Priority: optional
Depends: ca-certificates, adduser
Conflicts: caddy
Provides: caddy
Installed-Size: $(du -sk "$root" | cut -f1)
Homepage: https://github.com/ccload/ccload
Description: AI gateway within Caddy
 One HTTPS address in front of Anthropic, OpenAI, Gemini and compatible
 accounts, with failover, budgets, translation between their formats and a
 dashboard.
CONTROL
printf '/etc/ccload/Caddyfile\n/etc/default/ccload\n' >"$root/DEBIAN/conffiles"
cp "$here/postinst" "$here/prerm" "$here/postrm" "$root/DEBIAN/"
chmod 0755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm" "$root/DEBIAN/postrm" "$root/usr/bin/caddy"
find "$root" -type d -exec chmod 0755 {} +
chmod 0644 "$root/lib/systemd/system/ccload.service" "$root/etc/ccload/Caddyfile" "$root/usr/share/doc/ccload/copyright"
chmod 0600 "$root/etc/default/ccload"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build "$root" "$out/ccload_${version}_$architecture.deb"
