# Verbs, one line each.
.PHONY: test lint fmt bench big-log run build audit release test-deploy

build: ; go build -trimpath -o caddy ./cmd/caddy
test:  ; sh scripts/test.sh
lint:  ; go tool -modfile=tools/go.mod golangci-lint run ./...
fmt:   ; go tool -modfile=tools/go.mod golangci-lint fmt ./...
bench: ; go run ./bench
big-log: ; CCLOAD_BIG_ROWS=10000000 CCLOAD_BIG_DIR=$${CCLOAD_BIG_DIR:?names a folder} go test -run TestBigLog -timeout 120m -v ./store
audit: ; sh scripts/audit.sh
run: build ; ./caddy run --config examples/quickstart/Caddyfile
release:     ; sh scripts/release.sh
test-deploy: ; sh scripts/test-deploy.sh
