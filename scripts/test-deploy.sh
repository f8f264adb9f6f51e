#!/bin/sh
# Tests what is in deploy/ and what a release consists of, on Linux. It works on
# a copy of the tree, so that the tree may change meanwhile. It installs the
# tools that it needs where it may. What cannot be run here it says at its end;
# with CI=true that is a failure, but for what no machine of ours can run.
#
#   CCLOAD_BINARY=…  tests with this binary, a static one, instead of one that it builds
#   CCLOAD_FOREIGN=… platform that is cross-compiled; default: none here
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$1"; }
fail() {
	printf 'FAILED: %s\n' "$1" >&2
	exit 1
}
missing=
# not_run is for what a tool or a right is missing for.
not_run() {
	printf 'NOT RUN: %s\n' "$1" >&2
	if [ "${CI:-}" = true ]; then fail "with CI=true everything runs"; fi
	missing="$missing
  $1"
}
# not_here is for what no machine of ours can run.
not_here() {
	printf 'NOT RUN: %s\n' "$1" >&2
	missing="$missing
  $1"
}
have() { command -v "$1" >/dev/null 2>&1; }

work=$(mktemp -d)
started=
tidy() {
	status=$?
	trap - EXIT
	for pid in $started; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	chmod -R u+w "$work" 2>/dev/null || true
	rm -rf "$work"
	exit "$status"
}
trap tidy EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# install installs packages where that is permitted. promtool comes with a
# server, which is not started.
install() {
	if have apt-get && [ "$(id -u)" = 0 ]; then
		say "installing $*"
		(apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@") >"$work/apt" 2>&1 ||
			tail -3 "$work/apt" >&2
	fi
}

# prepare installs what is missing, and copies the tree.
prepare() {
	wanted=
	have buildah || wanted="$wanted buildah"
	have promtool || wanted="$wanted prometheus"
	have systemd-analyze || wanted="$wanted systemd"
	have dpkg-deb || wanted="$wanted dpkg"
	have yamllint || wanted="$wanted yamllint"
	have curl || wanted="$wanted curl"
	[ -x /usr/sbin/mariadbd ] || have mariadbd || wanted="$wanted mariadb-server"
	[ -f /usr/lib/galera/libgalera_smm.so ] || wanted="$wanted galera-4"
	have rsync || wanted="$wanted rsync"
	have git || wanted="$wanted git"
	python3 -c 'import yaml' 2>/dev/null || wanted="$wanted python3-yaml"
	# shellcheck disable=SC2086 # several packages
	[ -z "$wanted" ] || install $wanted

	case $(uname -m) in
	x86_64) arch=amd64 ;;
	aarch64) arch=arm64 ;;
	*) arch= ;;
	esac
	mkdir "$work/src"
	if [ -e .git ] && have git; then
		git ls-files -z --cached --others --exclude-standard >"$work/files"
	else
		find . -type f -print0 >"$work/files"
	fi
	tar --ignore-failed-read --null -T "$work/files" -cf "$work/src.tar" && tar -xf "$work/src.tar" -C "$work/src" && rm "$work/src.tar"
	cd "$work/src"
}

# serve_and_stop asks a gateway for its health, its dashboard and a call, and
# stops it: serve_and_stop <pid> <port> <token>
serve_and_stop() {
	tries=0
	until curl -fsS -o /dev/null "http://127.0.0.1:$2/health" 2>/dev/null; do
		tries=$((tries + 1))
		if [ $tries -gt 100 ] || ! kill -0 "$1" 2>/dev/null; then
			tail -20 "$work/log" >&2
			fail "the gateway does not serve"
		fi
		sleep 0.1
	done
	curl -fsS -H "Authorization: Bearer $3" "http://127.0.0.1:$2/v1/models" | grep -q '"object"' || fail "no list of models"
	code=$(curl -sS -o "$work/answer" -w '%{http_code}' -H "Authorization: Bearer $3" -H 'Content-Type: application/json' \
		"http://127.0.0.1:$2/v1/chat/completions" -d '{"model":"demo-small","messages":[{"role":"user","content":"hi"}]}')
	[ "$code" = 200 ] || fail "a call is answered $code: $(cat "$work/answer")"
	code=$(curl -sS -o "$work/answer" -w '%{http_code}' "http://127.0.0.1:$2/ccload/api/openapi.json")
	[ "$code" = 200 ] || fail "the dashboard's API is answered $code"
	begin=$(date +%s%N)
	kill -TERM "$1"
	wait "$1" || fail "it ended with $?"
	took=$((($(date +%s%N) - begin) / 1000000))
	echo "stopped after $took ms"
	[ $took -lt 1000 ] || fail "it took $took ms to stop"
}

test_release() {
	say "a release of this machine's platform, twice"
	go vet ./scripts/...
	version=v0.0.0-test
	if [ -n "${CCLOAD_BINARY:-}" ]; then
		binary=$CCLOAD_BINARY
		not_here "a release was not built: CCLOAD_BINARY is set"
	else
		[ -n "$arch" ] || fail "no release is made for $(uname -m)"
		for n in 1 2; do
			go run ./scripts/release -keep -only "linux/$arch" -version $version -commit 0123456789ab -out "$work/dist$n"
		done
		cmp "$work/dist1/SHA256SUMS" "$work/dist2/SHA256SUMS" || fail "two builds of one commit differ"
		(cd "$work/dist1" && sha256sum --quiet -c SHA256SUMS) || fail "the checksums are wrong"
		binary=$work/dist1/ccload_0.0.0-test_linux_$arch/caddy
		"$binary" version | grep -q "ccload $version (0123456789ab)" || fail "caddy version does not show version and commit: $("$binary" version)"
		if ldd "$binary" >/dev/null 2>&1; then fail "the binary is not static"; fi
		python3 - "$work/dist1/ccload_0.0.0-test_linux_$arch.cdx.json" <<'PY'
import json, sys
bom = json.load(open(sys.argv[1]))
names = [c["name"] for c in bom["components"]]
assert bom["bomFormat"] == "CycloneDX" and "github.com/caddyserver/caddy/v2" in names and "std" in names and len(names) > 50, len(names)
assert len({c["bom-ref"] for c in bom["components"]}) == len(names)
PY
	fi
	if [ -n "${CCLOAD_FOREIGN:-}" ]; then
		say "a release for $CCLOAD_FOREIGN"
		go run ./scripts/release -only "$CCLOAD_FOREIGN" -version $version -commit 0123456789ab -out "$work/foreign"
	else
		not_here "no other platform is compiled here: CCLOAD_FOREIGN names one, and CI compiles several"
	fi
}

test_release_refuses() {
	say "the release refuses failing tests and a tree with changes"
	mkdir "$work/clone"
	mkdir "$work/clone/scripts"
	cp scripts/release.sh "$work/clone/scripts"
	echo 'exit 1' >"$work/clone/scripts/test.sh"
	(cd "$work/clone" && git init -q && git -c user.name=t -c user.email=t@t add -A && git -c user.name=t -c user.email=t@t commit -qm t)
	if CCLOAD_TESTED=0123456789abcdef sh "$work/clone/scripts/release.sh" 2>"$work/refused"; then fail "a commit whose tests fail is released"; fi
	grep -q "the tests of .* fail" "$work/refused" || fail "it does not say why: $(cat "$work/refused")"
	echo x >"$work/clone/new"
	if sh "$work/clone/scripts/release.sh" 2>"$work/refused"; then fail "a tree with changes is released"; fi
	grep -q "not committed" "$work/refused" || fail "it does not say why: $(cat "$work/refused")"
}

test_caddyfiles() {
	say "every Caddyfile is valid and formatted"
	for file in deploy/container/Caddyfile deploy/compose/*.Caddyfile deploy/huggingface/Caddyfile deploy/systemd/Caddyfile; do
		for dsn in '' 'user:password@tcp(127.0.0.1:1)/ccload'; do
			# Without a database only those that name another store.
			[ -n "$dsn" ] || grep -q ' or sqlite ' "$file" || continue
			CCLOAD_ENCRYPTION_KEY=0123456789abcdef0123456789abcdef CCLOAD_MYSQL_DSN=$dsn \
				"$binary" validate --adapter caddyfile --config "$file" >"$work/validate" 2>&1 || fail "$file: $(tail -3 "$work/validate")"
		done
		"$binary" fmt "$file" | cmp -s - "$file" || fail "$file: caddy fmt would change it"
	done
}

test_rootfs() {
	say "the image's root file system, started in a chroot"
	sh deploy/container/rootfs.sh "$binary" "$work/root"
	if find "$work/root" -name sh -o -name bash | grep -q .; then fail "there is a shell in the image"; fi
	# The container's own Caddyfile, with a channel that needs no network.
	demo() { sed 's|token client {env.CCLOAD_TOKEN}|&\n\t\tchannel demo demo mk-ok|; s|8079|'"$2"'|' "$1"; }
	if [ "$(id -u)" = 0 ] && have chroot; then
		demo deploy/container/Caddyfile 31798 >"$work/root/etc/caddy/Caddyfile"
		chmod 0644 "$work/root/etc/caddy/Caddyfile"
		env -i PATH="$PATH" HOME=/data XDG_DATA_HOME=/data XDG_CONFIG_HOME=/data CCLOAD_PASS='a long password' CCLOAD_TOKEN=0123456789abcdef0123 \
			CCLOAD_SITE=http://127.0.0.1:31797 chroot --userspec=65532:65532 "$work/root" \
			/usr/bin/caddy run --config /etc/caddy/Caddyfile >"$work/log" 2>&1 &
		started="$started $!"
		gateway=$!
		tries=0
		until chroot "$work/root" /usr/bin/caddy ccload health http://127.0.0.1:31798/health >/dev/null 2>&1; do
			tries=$((tries + 1))
			if [ $tries -gt 50 ]; then
				tail -20 "$work/log" >&2
				fail "the health check of the image does not pass"
			fi
			sleep 0.2
		done
		serve_and_stop $gateway 31797 0123456789abcdef0123
		if chroot "$work/root" /usr/bin/caddy ccload health http://127.0.0.1:31798/health >/dev/null 2>&1; then
			fail "the health check passes without a gateway"
		fi
		[ -s "$work/root/data/ccload.db" ] || fail "there is no database in /data"
	else
		not_run "the image's root file system was not started: that needs root"
	fi
}

test_image() {
	say "the image itself"
	if have buildah && [ -n "$arch" ] && [ "$(id -u)" = 0 ]; then
		export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
		buildah="buildah --root $work/storage --runroot $work/run"
		cat >"$work/buildah" <<WRAP
#!/bin/sh
exec /usr/bin/buildah --root $work/storage --runroot $work/run "\$@"
WRAP
		mkdir -p "$work/bin" && mv "$work/buildah" "$work/bin/buildah" && chmod +x "$work/bin/buildah"
		if PATH="$work/bin:$PATH" sh deploy/container/build.sh ccload-test "$arch=$binary" >"$work/build" 2>&1; then
			$buildah inspect --type image ccload-test >"$work/inspect"
			python3 - "$work/inspect" <<'PY'
import json, sys
c = json.load(open(sys.argv[1]))["Docker"]["config"]
assert c["User"] == "65532:65532", c["User"]
assert c["Healthcheck"]["Test"][:4] == ["CMD", "/usr/bin/caddy", "ccload", "health"], c["Healthcheck"]
assert "/data" in c["Volumes"] and c["Entrypoint"] == ["/usr/bin/caddy"], c
PY
			echo "built: from scratch, not as root, with a health check"
		else
			tail -5 "$work/build" >&2
			not_run "the image was not built: buildah does not work on this machine"
		fi
	else
		not_run "the image was not built: that needs buildah and root"
	fi
}

test_unit() {
	say "the systemd unit"
	if have systemd-analyze; then
		mkdir -p "$work/unit"
		# The unit names what the package installs.
		sed "s|/usr/bin/caddy|$binary|" deploy/systemd/ccload.service >"$work/unit/ccload.service"
		systemd-analyze verify --man=no "$work/unit/ccload.service" 2>"$work/verify" || fail "the unit is not valid: $(cat "$work/verify")"
		if grep -q "ccload.service" "$work/verify"; then fail "the unit: $(cat "$work/verify")"; fi
		if systemd-analyze security --help 2>/dev/null | grep -q -- --offline; then
			systemd-analyze security --offline=true --threshold=25 --no-pager "$work/unit/ccload.service" >"$work/security" 2>&1 ||
				fail "the unit is open: $(tail -2 "$work/security")"
			tail -1 "$work/security"
		else
			not_here "the unit's security was not judged: this systemd is too old"
		fi
	else
		not_run "the systemd unit was not verified: there is no systemd-analyze"
	fi
}

test_package() {
	say "the Debian package"
	if have dpkg-deb && [ -n "$arch" ]; then
		for n in 1 2; do sh deploy/debian/build.sh "$binary" $version "$arch" "$work/deb$n" >/dev/null; done
		cmp "$work"/deb1/*.deb "$work"/deb2/*.deb || fail "two packages of one binary differ"
		dpkg-deb --contents "$work"/deb1/*.deb >"$work/contents"
		for file in ./usr/bin/caddy ./lib/systemd/system/ccload.service ./etc/ccload/Caddyfile; do
			grep -q " $file$" "$work/contents" || fail "$file is not in the package"
		done
		grep -q -- '^-rw------- root/root .* ./etc/default/ccload$' "$work/contents" || fail "the file of secrets may be read by others"
		if [ "$(id -u)" = 0 ]; then
			# Installed below a folder of its own, without its scripts.
			mkdir -p "$work/installed/var/lib/dpkg/updates" "$work/installed/var/lib/dpkg/info"
			: >"$work/installed/var/lib/dpkg/status"
			dpkg --root="$work/installed" --force-not-root --force-depends --force-script-chrootless --unpack "$work"/deb1/*.deb >"$work/dpkg" 2>&1 ||
				fail "the package cannot be unpacked: $(tail -3 "$work/dpkg")"
			[ -x "$work/installed/usr/bin/caddy" ] || fail "nothing was installed"
		fi
		for script in postinst prerm postrm; do sh -n deploy/debian/$script; done
		not_here "the package's scripts were parsed, not run: they would change this machine"
	else
		not_run "the Debian package was not built: there is no dpkg-deb"
	fi
}

test_monitoring() {
	say "alert rules and the Grafana dashboard"
	if have promtool; then
		(cd deploy/monitoring && promtool check rules alerts.yaml && promtool test rules alerts_test.yaml) || fail "the alert rules are wrong"
		# Each query of the dashboard is checked as the expression of a rule.
		python3 - deploy/monitoring/dashboard.json >"$work/queries.yaml" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
print("groups:\n  - name: dashboard\n    rules:")
n = 0
for p in d["panels"]:
    for t in p["targets"]:
        n += 1
        expr = t["expr"].replace("$__rate_interval", "5m").replace("$__range", "6h").replace("$channel", ".*")
        print(f"      - record: panel:{n}\n        expr: {json.dumps(expr)}")
PY
		promtool check rules "$work/queries.yaml" || fail "a query of the dashboard is wrong"
	else
		not_run "alert rules and the dashboard's queries were not checked: there is no promtool"
	fi
	for metric in $(cat deploy/monitoring/*.yaml deploy/monitoring/dashboard.json | grep -o 'ccload_[a-z_]*' | sed 's/_bucket$//' | sort -u); do
		grep -rq --include='*.go' "\"$metric\"" . || fail "there is no metric $metric"
	done
}

# test_galera runs three gateways on a Galera cluster whose servers fail.
test_galera() {
	say "three gateways on a Galera cluster whose servers fail"
	PATH=$PATH:/usr/sbin:/usr/local/sbin
	if have mariadbd && [ -f /usr/lib/galera/libgalera_smm.so ] && have rsync; then
		CCLOAD_TEST_GALERA=1 go test -count=1 -timeout 10m -run '^TestAClusterLosesServers$' ./test/nodes || fail "the gateways do not outlive their database servers"
	else
		not_run "no Galera cluster was tried: that needs mariadb-server, galera-4 and rsync"
	fi
}

# test_kills kills a gateway under load twenty times.
test_kills() {
	say "a gateway that is killed twenty times under load"
	CCLOAD_TEST_KILLS=20 go test -count=1 -timeout 10m -run '^TestKillsLoseNoAnsweredCall$' ./test/nodes || fail "a killed gateway loses calls that clients saw answered"
}

# test_silence lets an upstream be silent for longer than QUIC bears.
test_silence() {
	say "a silent upstream over HTTP/3"
	CCLOAD_EDGE=long go test -count=1 -timeout 10m -run '^TestSilenceOverHTTP3$' ./test/edge || fail "a stream over HTTP/3 does not outlive its upstream's silence"
}

test_manifests() {
	say "YAML files"
	if have yamllint; then
		yamllint -d '{extends: default, rules: {document-start: disable, line-length: disable, truthy: {check-keys: false}, comments: {min-spaces-from-content: 1}, braces: {max-spaces-inside: 1}}}' \
			deploy .github || fail "a YAML file is not valid"
	else
		not_run "YAML files were not checked: there is no yamllint"
	fi
	if python3 -c 'import yaml' 2>/dev/null; then
		python3 - <<'PY' || fail "a manifest does not hold together"
import glob, re, yaml
docs = list(yaml.safe_load_all(open("deploy/kubernetes/ccload.yaml")))
kinds = {d["kind"]: d for d in docs}
assert {"Namespace", "ConfigMap", "Deployment", "PodDisruptionBudget", "Service"} <= set(kinds), kinds.keys()
pod = kinds["Deployment"]["spec"]["template"]
labels = pod["metadata"]["labels"].items()
for name in ("Service", "PodDisruptionBudget"):
    selector = kinds[name]["spec"]["selector"]
    assert (selector.get("matchLabels") or selector).items() <= labels, name
box = pod["spec"]["containers"][0]
volumes = {v["name"] for v in pod["spec"]["volumes"]}
assert {m["name"] for m in box["volumeMounts"]} == volumes, "mounts and volumes differ"
assert all(k in box for k in ("startupProbe", "readinessProbe", "livenessProbe"))
open("/dev/null", "w").write(kinds["ConfigMap"]["data"]["Caddyfile"])
for name in glob.glob("deploy/compose/*.yaml"):
    c = yaml.safe_load(open(name))
    used = {v.split(":")[0] for s in c["services"].values() for v in s.get("volumes", [])}
    assert used == set(c.get("volumes", {})), name
    for s in c["services"].values():
        for other in s.get("depends_on", []):
            assert other in c["services"], other
space = open("deploy/huggingface/README.md").read()
front = yaml.safe_load(re.match(r"---\n(.*?)\n---\n", space, re.S).group(1))
assert front["sdk"] == "docker" and front["app_port"] == 7860, front
assert "7860" in open("deploy/huggingface/Caddyfile").read()
PY
		python3 -c 'import yaml;print({d["kind"]:d for d in yaml.safe_load_all(open("deploy/kubernetes/ccload.yaml"))}["ConfigMap"]["data"]["Caddyfile"],end="")' >"$work/k8s.Caddyfile"
		mkdir -p "$work/secrets" && printf 0123456789abcdef0123456789abcdef >"$work/secrets/encryption-key"
		sed "s|/run/secrets/ccload|$work/secrets|" "$work/k8s.Caddyfile" >"$work/k8s.Caddyfile.here"
		CCLOAD_MYSQL_DSN='user:password@tcp(127.0.0.1:1)/ccload' \
			"$binary" validate --adapter caddyfile --config "$work/k8s.Caddyfile.here" >"$work/validate" 2>&1 || fail "the Caddyfile of the Kubernetes manifest: $(tail -3 "$work/validate")"
		"$binary" fmt "$work/k8s.Caddyfile" | cmp -s - "$work/k8s.Caddyfile" || fail "caddy fmt would change the Caddyfile of the Kubernetes manifest"
	else
		not_run "manifests were not parsed: there is no PyYAML"
	fi
	# By the types of Kubernetes' API and the loader of docker compose.
	(cd test/manifests && go vet ./... && go test -count=1 ./...) || fail "a manifest is not what its system takes"
	not_here "Kubernetes and compose were not started: their files were read by their own types"
	not_here "the Hugging Face Space was parsed, not started"
}

test_scripts() {
	say "shell scripts"
	for script in scripts/*.sh deploy/*/*.sh; do sh -n "$script"; done
}

# The parts. Those before test_caddyfiles make the binary that the others use.
prepare
test_release
test_release_refuses
test_caddyfiles
test_rootfs
test_image
test_unit
test_package
test_monitoring
test_galera
test_kills
test_silence
test_manifests
test_scripts

if [ -n "$missing" ]; then
	printf '\nWhat was NOT run:%s\n' "$missing"
fi
say "what could be run has passed"
