package admin

import (
	"errors"
	"io"
	"net/http"
)

// What commands on the same machine ask of Caddy's admin endpoint.

// command is who changes something there.
// Whoever reaches it may change the config too, and needs no password.
func command(r *http.Request) Actor {
	return Actor{Name: "command", Address: r.RemoteAddr, Confirmed: true}
}

// byOperator is a row that changes something.
func byOperator(handle func(op Operator, r *http.Request, id string) (any, error)) func(Source, *http.Request, string) (any, error) {
	return func(s Source, r *http.Request, id string) (any, error) {
		op, ok := s.(Operator)
		if !ok {
			return nil, errors.New("the ccload app is not ready")
		}
		return handle(op, r, id)
	}
}

// fileText is an answer that is a file.
type fileText []byte

func makeToken(op Operator, r *http.Request, _ string) (any, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, badRequestError{err}
	}
	if err := refuseDuplicates(text); err != nil {
		return nil, err
	}
	if text, err = plural("token", text); err != nil {
		return nil, err
	}
	var t TokenConfig
	if err := decode(text, &t); err != nil {
		return nil, err
	}
	return op.SaveToken(r.Context(), command(r), "", t)
}

func importByCommand(op Operator, r *http.Request, _ string) (any, error) {
	q := r.URL.Query()
	if err := known(q, "name", "path", "dry_run"); err != nil {
		return nil, err
	}
	dry, err := truth(q, "dry_run")
	if err != nil {
		return nil, err
	}
	if path := q.Get("path"); path != "" {
		return op.Import(r.Context(), command(r), ImportFile{Path: path, DryRun: dry})
	}
	data, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxFile))
	if err != nil {
		return nil, badRequestError{err}
	}
	return op.Import(r.Context(), command(r), ImportFile{Name: q.Get("name"), Data: data, DryRun: dry})
}

func exportByCommand(op Operator, r *http.Request, _ string) (any, error) {
	q := r.URL.Query()
	if err := known(q, "format", "secrets"); err != nil {
		return nil, err
	}
	secrets, err := truth(q, "secrets")
	if err != nil {
		return nil, err
	}
	if secrets && r.Method != http.MethodPost {
		return nil, badRequestError{errors.New("an export with secrets is a POST")}
	}
	format := q.Get("format")
	if format == "" {
		format = "json"
	}
	data, err := op.Export(r.Context(), command(r), format, secrets)
	return fileText(data), err
}
