package ccload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
)

// schema is a part of the description.
type schema = map[string]any

// described holds a gateway's answers against its description.
type described struct {
	*desk
	document schema
	asked    map[string]bool // operations that went well
}

func (d *described) operation(method, path string) (template string, op schema) {
	path, _, _ = strings.Cut(path, "?")
	segments := strings.Split("/"+path, "/")
	best := -1
	for name, item := range d.document["paths"].(schema) {
		parts := strings.Split(name, "/")
		found, ok := item.(schema)[strings.ToLower(method)].(schema)
		if !ok || len(parts) != len(segments) {
			continue
		}
		literal := 0
		for i := range parts {
			if parts[i] == segments[i] {
				literal++
			} else if !strings.HasPrefix(parts[i], "{") {
				literal = -1
				break
			}
		}
		if literal > best {
			best, template, op = literal, name, found
		}
	}
	if op == nil {
		d.t.Fatalf("%s %s is not described", method, path)
	}
	return template, op
}

// fits reports what of a value is not as a schema says.
func (d *described) fits(s schema, v any, at string) (problems []string) {
	if ref, ok := s["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		s, _ = d.document["components"].(schema)["schemas"].(schema)[name].(schema)
		if s == nil {
			return []string{at + ": there is no schema " + name}
		}
	}
	if any, ok := s["anyOf"].([]any); ok {
		for _, one := range any {
			if problems = d.fits(one.(schema), v, at); problems == nil {
				return nil
			}
		}
		return problems
	}
	kinds := []any{s["type"]}
	if list, ok := s["type"].([]any); ok {
		kinds = list
	}
	is := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Float64: "number", reflect.Map: "object", reflect.Slice: "array"}[reflect.ValueOf(v).Kind()]
	if v == nil {
		is = "null"
	}
	if s["type"] != nil && !slices.Contains(kinds, any(is)) && (is != "number" || !slices.Contains(kinds, any("integer"))) {
		return []string{fmt.Sprintf("%s is a %s, described as %v", at, is, s["type"])}
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			problems = append(problems, d.fits(s["items"].(schema), v[i], fmt.Sprintf("%s[%d]", at, i))...)
		}
	case map[string]any:
		properties, _ := s["properties"].(schema)
		for name, value := range v {
			switch property, known := properties[name].(schema); {
			case known:
				problems = append(problems, d.fits(property, value, at+"."+name)...)
			case s["additionalProperties"] == false:
				problems = append(problems, at+"."+name+" is not described")
			default:
				if each, ok := s["additionalProperties"].(schema); ok {
					problems = append(problems, d.fits(each, value, at+"."+name)...)
				}
			}
		}
	}
	return problems
}

// ask asks for something that is described, and looks at the answer.
func (d *described) ask(method, path, body string) answer {
	d.t.Helper()
	template, op := d.operation(method, path)
	a := d.api(method, path, body)
	good, ok := op["responses"].(schema)[fmt.Sprint(a.Status)].(schema)
	if !ok {
		d.t.Errorf("%s %s: status %d is not described\n%s", method, path, a.Status, clipped(a.Body))
		return a
	}
	d.asked[method+" "+template] = true
	for kind, content := range good["content"].(schema) {
		got, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
		if kind != got && kind != "application/octet-stream" {
			d.t.Errorf("%s %s is a %s, described as %s", method, path, got, kind)
		}
		if got != "application/json" {
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
			d.t.Errorf("%s %s: %v", method, path, err)
		}
		for _, p := range d.fits(content.(schema)["schema"].(schema), v, "answer") {
			d.t.Errorf("%s %s: %s", method, path, p)
		}
	}
	return a
}

// TestDescriptionIsTrue asks for everything that the API describes, as it
// describes it, and holds the answers against the description.
func TestDescriptionIsTrue(t *testing.T) {
	t.Parallel()
	server := fake(t)
	d := &described{desk: openDesk(t, "encryption_key one-key-of-this-test another-key-of-this-test\n"+richToken+channelAt("declared", server, "models claude-haiku-4-5", "daily_budget 5")), asked: make(map[string]bool)}
	if err := json.Unmarshal([]byte(d.api(http.MethodGet, "openapi.json", "").want(t, http.StatusOK).Body), &d.document); err != nil {
		t.Fatal(err)
	}
	id := d.askModel(ai.Anthropic, "claude-haiku-4-5", false).want(t, http.StatusOK).Header.Get("X-Ccload-Request-Id")
	d.ask("PUT", "settings", `{"capture":{"enabled":true}}`)
	kept := d.askModel(ai.Anthropic, "claude-haiku-4-5", false).want(t, http.StatusOK).Header.Get("X-Ccload-Request-Id")
	eventually(t, func() (bool, bool) { return true, d.api(http.MethodGet, "calls/"+kept+"/bodies", "").Status == 200 })
	whole := fmt.Sprintf(`{"name":"made","urls":[{"url":%q}],"protocols":["anthropic"],"models":["m"],"keys":[{"key":"sk-0123456789abcdefgh"}],"header_up":{"set":{"X-A":["b"]}},"budget":{"day":5},"hours":{"from":"08:00","to":"20:00"}}`, server.URL)
	for _, one := range [][3]string{
		{"GET", "session", ""},
		{"GET", "openapi.json", ""},
		{"GET", "catalogue", ""},
		{"GET", "status", ""},
		{"POST", "channels", whole},
		{"PUT", "channels/made", strings.Replace(whole, `"models"`, `"weight":2,"models"`, 1)},
		{"PATCH", "channels/made", `{"priority":3,"hours":null}`},
		{"GET", "channels/made", ""},
		{"GET", "channels", ""},
		{"GET", "channels/made/health?step=1m", ""},
		{"POST", "channels/batch", `{"names":["made"],"change":{"priority":4}}`},
		{"POST", "channels/made/test", `{"models":["m"],"stream":true}`},
		{"POST", "channels/made/models/fetch", "{}"},
		{"POST", "models/fetch", strings.Replace(whole, "made", "unsaved", 1)},
		{"POST", "tokens", `{"name":"t","rpm":60,"budget":{"day":1},"expires":"2030-01-01"}`},
		{"GET", "tokens", ""},
		{"GET", "tokens/t", ""},
		{"PUT", "tokens/t", `{"rpm":30,"channels":["made"]}`},
		{"PATCH", "tokens/t", `{"new_secret":true}`},
		{"GET", "token-use", ""},
		{"DELETE", "tokens/t", ""},
		{"POST", "aliases", `{"name":"al","models":["m"]}`},
		{"GET", "aliases", ""},
		{"GET", "aliases/al", ""},
		{"PUT", "aliases/al", `{"models":["m","claude-haiku-4-5"]}`},
		{"DELETE", "aliases/al", ""},
		{"GET", "settings", ""},
		{"POST", "cooling", `{"scope":"channel","channel":"made","seconds":60}`},
		{"GET", "cooling", ""},
		{"POST", "cooling/clear", `{"channel":"made"}`},
		{"POST", "channels/made/keys", `{"add":[{"key":"another-key-of-the-channel"}]}`},
		{"POST", "rules/test", `{"status":429,"body":"{}","rules":[{"status":[429],"for":"1m"}]}`},
		{"POST", "edits/test", `{"body":"{}","body_set":[{"path":"a","value":1}],"body_remove":null}`},
		{"GET", "audit?channel=made&limit=2", ""},
		{"GET", "audit?actor=operator&action=create&kind=channel&since=2026-01-01&until=2100-01-01", ""},
		{"GET", "running", ""},
		{"POST", "playground", `{"body":{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}}`},
		{"GET", "calls?limit=1", ""},
		{"GET", "calls/" + id, ""},
		{"GET", "calls/" + kept + "/bodies", ""},
		{"GET", "explain?model=m", ""},
		{"GET", "statistics?by=model,outcome&step=1h&quantiles=true", ""},
		{"GET", "overview?step=1m", ""},
		{"GET", "calls.csv", ""},
		{"GET", "calls/volume?step=1h", ""},
		{"GET", "calls/" + id + "/price", ""},
		{"GET", "costs?rows=model&columns=channel", ""},
		{"GET", "costs.csv?rows=model", ""},
		{"GET", "burndown?kind=channel&name=declared", ""},
		{"GET", "budgets", ""},
		{"GET", "price?model=claude-haiku-4-5&provider=anthropic", ""},
		{"PUT", "prices", `provider,model,from,input,output` + "\nx,y,2026-01-01,1,2\n"},
		{"GET", "prices", ""},
		{"POST", "reprice", "{}"},
		{"GET", "counting", ""},
		{"GET", "export", ""},
		{"POST", "export", `{"format":"csv","secrets":true,"password":"` + testPassword + `"}`},
		{"POST", "import?dry_run=true&name=x.json", d.api("GET", "export", "").Body},
		{"POST", "rotate", "{}"},
		{"GET", "audit?limit=3", ""},
		{"DELETE", "channels/made", ""},
		{"POST", "logout", "{}"},
		{"POST", "login", `{"password":"` + testPassword + `"}`},
	} {
		d.ask(one[0], one[1], one[2])
	}
	d.logIn(`{"password":"` + testPassword + `"}`)
	d.ask("POST", "logout/all", "{}")
	d.asked["GET /live"], d.asked["POST /running/{id}/end"] = true, true // have tests of their own
	for path, item := range d.document["paths"].(schema) {
		for method := range item.(schema) {
			if op := strings.ToUpper(method) + " " + path; !d.asked[op] {
				t.Errorf("%s is described, and nobody asked for it", op)
			}
		}
	}
}
