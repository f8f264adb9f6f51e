# Verbs, one line each.
.PHONY: test lint fmt bench run build audit release test-deploy

build: ; go build -trimpath -o caddy ./cmd/caddy
test:  ; sh scripts/test.sh
lint:  ; go tool -modfile=tools/go.mod golangci-lint run ./...
fmt:   ; go tool -modfile=tools/go.mod golangci-lint fmt ./...
bench: ; go run ./bench
audit: ; sh scripts/audit.sh
run: build ; ./caddy run --config examples/quickstart/Caddyfile
release:     ; sh scripts/release.sh
test-deploy: ; sh scripts/test-deploy.sh
