#!/bin/sh
# Makes the root file system of the container: rootfs.sh <binary> <folder>.
# There is no shell in it, and no user but the one that runs the gateway. The
# binary holds the time zones; certificates are those of this machine, or of the
# file that CA_CERTIFICATES names.
set -eu
binary=$1
root=$2
here=$(cd "$(dirname "$0")" && pwd)
certificates=${CA_CERTIFICATES:-/etc/ssl/certs/ca-certificates.crt}
if [ ! -s "$certificates" ]; then
	echo "rootfs: $certificates is not there: install ca-certificates" >&2
	exit 1
fi
mkdir -p "$root/usr/bin" "$root/etc/ssl/certs" "$root/etc/caddy" "$root/data" "$root/tmp"
cp "$binary" "$root/usr/bin/caddy"
chmod 0755 "$root/usr/bin/caddy"
cp "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
cp "$here/Caddyfile" "$root/etc/caddy/Caddyfile"
printf 'ccload:x:65532:65532::/data:/sbin/nologin\n' >"$root/etc/passwd"
printf 'ccload:x:65532:\n' >"$root/etc/group"
chmod 0644 "$root/etc/passwd" "$root/etc/group" "$root/etc/caddy/Caddyfile" "$root/etc/ssl/certs/ca-certificates.crt"
chmod 1777 "$root/tmp"
if [ "$(id -u)" = 0 ]; then chown 65532:65532 "$root/data"; fi
chmod 0700 "$root/data"
