package protocol

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
)

// Form is what routing must know of a multipart/form-data body.
type Form struct {
	ModelStart, ModelEnd int    // the model's name, as it is, without quotes; both 0 if no part is called model
	Stream               bool   // a part asks for a stream
	Size, Quality        string // of images
}

// ReadForm reads a multipart/form-data body without copying it. A second part
// called model, and a body that cannot be read, are refused with a
// *RequestError.
func ReadForm(contentType string, body []byte) (Form, error) {
	_, params, mimeErr := mime.ParseMediaType(contentType)
	boundary := params["boundary"]
	if mimeErr != nil || boundary == "" || len(boundary) > 200 {
		return Form{}, formError("the Content-Type of the multipart body names no boundary")
	}
	var f Form
	mark := []byte("--" + boundary)
	at, ok := nextPart(body, 0, mark)
	for ok {
		head, more := lineBreak(body, at)
		if !more { // "--": the last boundary
			return f, nil
		}
		contents, next, whole := part(body, head, mark)
		if !whole {
			return Form{}, formError("the multipart body is cut short")
		}
		if err := f.field(partName(body[head:contents]), body, contents, trimBreak(body, contents, next)); err != nil {
			return Form{}, err
		}
		at, ok = next+len(mark), true
	}
	return Form{}, formError("the multipart body does not begin with its boundary")
}

func (f *Form) field(name string, body []byte, start, end int) error {
	switch name {
	case "stream":
		// Sent by transcriptions and image edits; what is no truth is upstream's to refuse.
		f.Stream, _ = strconv.ParseBool(string(body[start:min(end, start+8)]))
	case "size":
		f.Size = string(body[start:min(end, start+maxWord)])
	case "quality":
		f.Quality = string(body[start:min(end, start+maxWord)])
	case "model":
		if f.ModelEnd != 0 {
			return &RequestError{
				Status: http.StatusBadRequest, Code: CodeDuplicateModel, Param: "model",
				Message: `the form field "model" appears more than once`,
			}
		}
		f.ModelStart, f.ModelEnd = start, end
		if end-start > MaxModel {
			return ModelError("the model's name is too long")
		}
	}
	return nil
}

// maxWord is the longest size or quality that is looked at.
const maxWord = 32

// Order is what the form asks for.
func (f *Form) Order() Order { return imageOrder(f.Size, f.Quality) }

func formError(message string) error {
	return &RequestError{Status: http.StatusBadRequest, Code: CodeInvalidForm, Message: message}
}

// nextPart is where the text behind the next boundary line's mark begins, from
// at on. A boundary only counts at the start of a line.
func nextPart(body []byte, at int, mark []byte) (int, bool) {
	for {
		i := bytes.Index(body[at:], mark)
		if i < 0 {
			return 0, false
		}
		at += i
		if at == 0 || body[at-1] == '\n' {
			return at + len(mark), true
		}
		at += len(mark)
	}
}

// lineBreak skips the end of a boundary line; ok is false if it is the last
// boundary, which ends in "--", or no boundary line at all.
func lineBreak(body []byte, at int) (int, bool) {
	for at < len(body) && (body[at] == ' ' || body[at] == '\t') {
		at++
	}
	if at < len(body) && body[at] == '\r' {
		at++
	}
	if at < len(body) && body[at] == '\n' {
		return at + 1, true
	}
	return at, false
}

// part finds where the contents of a part begin, whose head begins at head,
// and where the mark of the next boundary does.
func part(body []byte, head int, mark []byte) (contents, next int, ok bool) {
	for at := head; ; {
		i := bytes.IndexByte(body[at:], '\n')
		if i < 0 {
			return 0, 0, false
		}
		empty := len(bytes.TrimRight(body[at:at+i], "\r")) == 0
		at += i + 1
		if empty {
			contents = at
			break
		}
	}
	after, ok := nextPart(body, contents, mark)
	return contents, after - len(mark), ok
}

// trimBreak takes the line break off the end of a part's contents.
func trimBreak(body []byte, start, end int) int {
	if end > start && body[end-1] == '\n' {
		end--
	}
	if end > start && body[end-1] == '\r' {
		end--
	}
	return end
}

// partName is the form name in a part's head, empty if there is none.
func partName(head []byte) string {
	for line := range bytes.Lines(head) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if !bytes.EqualFold(bytes.TrimSpace(name), []byte("Content-Disposition")) {
			continue
		}
		if _, params, err := mime.ParseMediaType(string(bytes.TrimSpace(value))); err == nil {
			return params["name"]
		}
	}
	return ""
}
