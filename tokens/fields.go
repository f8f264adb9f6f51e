package tokens

// fields are the members of a message, block or item that mean something in some
// protocol: nil for those that are not there.
type fields struct {
	kind, role, content, parts, text, thinking, name, input, arguments, source, title, data []byte
}

// fieldsOf finds the members of an object in one pass. Of duplicates the first
// counts.
func (w *walk) fieldsOf(object []byte) (p fields) {
	w.each(object, func(key string, v []byte) {
		var to *[]byte
		switch key {
		case "type":
			to = &p.kind
		case "role":
			to = &p.role
		case "content":
			to = &p.content
		case "parts":
			to = &p.parts
		case "text":
			to = &p.text
		case "thinking":
			to = &p.thinking
		case "name":
			to = &p.name
		case "input":
			to = &p.input
		case "arguments":
			to = &p.arguments
		case "source":
			to = &p.source
		case "title":
			to = &p.title
		case "data":
			to = &p.data
		default:
			return
		}
		if *to == nil {
			*to = v
		}
	})
	return p
}
