package admin

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/ccload/ccload/ai"
)

// What is taken from files and written to files.

// ExportOrder asks for an export, and for one with secrets.
type ExportOrder struct {
	Format   string `json:"format,omitempty"`   // json (default), csv, which has channels only, or caddyfile
	Secrets  bool   `json:"secrets,omitempty"`  // with upstream keys and the hashes of tokens
	Password string `json:"password,omitempty"` // the admin password; needed for secrets
}

// importForm is an import as a form, which has room for a password.
type importForm struct {
	file     []byte
	name     string // of the file
	password string // see ChannelConfig.Password
}

var importFormSchema = object{
	"type": "object", "required": []string{"file"}, "additionalProperties": false,
	"properties": object{
		"file":     object{"type": "string", "format": "binary"},
		"password": object{"type": "string", "description": "the admin password; needed where stored keys would go to another scheme, host, port or proxy"},
	},
}

func importFile(q *request) (any, error) {
	query := q.r.URL.Query()
	dry, err := truth(query, "dry_run")
	if err != nil {
		return nil, err
	}
	form, err := q.readImport()
	if err != nil {
		return nil, err
	}
	if len(form.file) == 0 {
		return nil, invalid("", "the request holds no file: send it as the body, or as the field file of a form")
	}
	if name := query.Get("name"); name != "" {
		form.name = name
	}
	who, err := q.confirm(form.password)
	if err != nil {
		return nil, err
	}
	return q.op.Import(q.r.Context(), who, ImportFile{Name: form.name, Data: form.file, DryRun: dry})
}

// readImport reads the file that is sent, by itself or in a form.
func (q *request) readImport() (form importForm, err error) {
	body := http.MaxBytesReader(q.w, q.r.Body, maxFile)
	kind, parameters, err := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		form.file, err = io.ReadAll(body)
		return form, err
	}
	parts := multipart.NewReader(body, parameters["boundary"])
	seen := make(map[string]bool)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return form, formError(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return form, formError(err)
		}
		name := part.FormName()
		if seen[name] {
			return form, invalid(ai.Shorten(name, maxTold), "the form has two fields %q", ai.Shorten(name, maxTold))
		}
		seen[name] = true
		switch name {
		case "file":
			form.file, form.name = text, part.FileName()
		case "password":
			form.password = string(text)
		default:
			return form, invalid(ai.Shorten(name, maxTold), "the form has a field %q; there are file and password", ai.Shorten(name, maxTold))
		}
	}
}

// formError is the error of a form that cannot be read.
func formError(err error) error {
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		return err
	}
	return invalid("", "the form cannot be read: %v", err)
}

// exportFile answers with what is stored, without secrets.
func exportFile(q *request) (any, error) {
	return q.export(q.actor(), q.r.URL.Query().Get("format"), false)
}

// exportSecrets answers with what is stored, with secrets too if the password
// is given again: a login alone, which a browser keeps, does not open them.
func exportSecrets(q *request) (any, error) {
	var in ExportOrder
	if err := q.decode(&in); err != nil {
		return nil, err
	}
	who := q.actor()
	if in.Secrets {
		if in.Password == "" {
			return nil, Problemf(http.StatusForbidden, CodeConfirm, "password", "password: an export with secrets takes the admin password again")
		}
		var err error
		if who, err = q.confirm(in.Password); err != nil {
			return nil, err
		}
	}
	return q.export(who, in.Format, in.Secrets)
}

// exportKinds are the formats of an export.
var exportKinds = map[string]string{"json": "application/json", "csv": "text/csv; charset=utf-8", "caddyfile": "text/plain; charset=utf-8"}

func (q *request) export(who Actor, format string, secrets bool) (any, error) {
	if format == "" {
		format = "json"
	}
	kind, ok := exportKinds[format]
	if !ok {
		return nil, invalid("format", "format %q: must be json, csv or caddyfile", ai.Shorten(format, maxTold))
	}
	data, err := q.op.Export(q.r.Context(), who, format, secrets)
	if err != nil {
		return nil, err
	}
	q.answered = true
	header := q.w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="ccload-%s.%s"`, serverTime().Format("20060102-150405"), format))
	_, _ = q.w.Write(data) // a client that is gone is nobody to tell
	return nil, nil
}
