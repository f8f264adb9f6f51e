package ccload

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ccload/ccload/ai"
	"github.com/ccload/ccload/internal/fakeai"
)

// madeResponse is what a client reads of a response.
type madeResponse struct {
	ID       string `json:"id"`
	Previous string `json:"previous_response_id"`
	Store    bool   `json:"store"`
	Output   []struct {
		Type   string `json:"type"`
		ID     string `json:"id"`
		CallID string `json:"call_id"`
	} `json:"output"`
}

// madeIn reads an answer, streamed or not.
func madeIn(t *testing.T, a answer) (made madeResponse) {
	t.Helper()
	text := a.Body
	if _, after, streamed := strings.Cut(text, "event: response.completed\ndata: "); streamed {
		var event struct {
			Response json.RawMessage `json:"response"`
		}
		line, _, _ := strings.Cut(after, "\n")
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		text = string(event.Response)
	}
	if err := json.Unmarshal([]byte(text), &made); err != nil || made.ID == "" {
		t.Fatalf("no response in %s: %v", clipped(a.Body), err)
	}
	return made
}

const twoTokens = "\ntoken tests " + testToken + "\ntoken other sk-other-token-0123456789\n"

func asOther(r *http.Request) { r.Header.Set("Authorization", "Bearer sk-other-token-0123456789") }

// sentHas fails the test unless an upstream was sent all of some texts, in order.
func sentHas(t *testing.T, s *fakeai.Server, texts ...string) {
	t.Helper()
	rest := string(s.Last().Body)
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("%q is not in its place in %s", text, s.Last().Body)
		}
		rest = after
	}
}

const stateTools = `"tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}}}]`

// TestResponsesAreContinued: a conversation goes on by previous_response_id and by
// item_reference, with a tool's call, on channels of every other protocol, also
// after a restart, and is nobody else's.
func TestResponsesAreContinued(t *testing.T) {
	t.Parallel()
	for _, p := range []ai.Protocol{ai.Anthropic, ai.OpenAI, ai.Gemini} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprint(p, " stream ", stream), func(t *testing.T) {
				t.Parallel()
				key := "key mk-think-calls1-signed"
				if p == ai.OpenAI { // its thoughts end with the turn that they are of
					key = "key mk-think-calls1"
				}
				s, channel := onlySpeaks(t, p, "other", key)
				db := filepath.Join(t.TempDir(), "ccload.db")
				g := newGatewayAt(t, db, channel+twoTokens, "")
				ask := func(rest string, change ...func(*http.Request)) answer {
					return g.post("/v1/responses", fmt.Sprintf(`{"model":"m","stream":%v,"reasoning":{"effort":"medium"},%s,%s}`, stream, stateTools, rest), change...)
				}
				first := madeIn(t, ask(`"input":"the first question"`).want(t, http.StatusOK))
				if !first.Store || first.Previous != "" {
					t.Errorf("%+v", first)
				}
				callID, refs := "", ""
				for _, item := range first.Output {
					refs += `{"type":"item_reference","id":"` + item.ID + `"},`
					if item.CallID != "" {
						callID = item.CallID
					}
				}
				result := `{"type":"function_call_output","call_id":"` + callID + `","output":"the result"}`
				next := `"previous_response_id":"` + first.ID + `","input":[` + result + `]`
				second := madeIn(t, ask(next).want(t, http.StatusOK))
				sentHas(t, s, "the first question", "the result")
				if second.Previous != first.ID {
					t.Errorf("it continues %q", second.Previous)
				}

				// As the Vercel AI SDK does.
				byItems := `"input":[{"role":"user","content":[{"type":"input_text","text":"the first question"}]},` + refs + result + `]`
				other := madeIn(t, ask(byItems).want(t, http.StatusOK))
				sentHas(t, s, "the first question", "the result")

				for _, rest := range []string{next, byItems} {
					if a := ask(rest, asOther).want(t, http.StatusBadRequest); !strings.Contains(a.Body, "send the whole conversation with store: false") {
						t.Error(a.Body)
					}
				}
				for _, method := range []string{http.MethodGet, http.MethodDelete} {
					g.do(method, "/v1/responses/"+first.ID, "", asOther).want(t, http.StatusNotFound)
				}

				g.close()
				g = newGatewayAt(t, db, channel+twoTokens, "")
				third := madeIn(t, ask(`"previous_response_id":"`+second.ID+`","input":"the last question"`).want(t, http.StatusOK))
				sentHas(t, s, "the first question", "the result", "the last question")
				ask(`"previous_response_id":"`+other.ID+`","input":"the last question"`).want(t, http.StatusOK)
				sentHas(t, s, "the first question", "the result", "the last question")

				if got := madeIn(t, g.do(http.MethodGet, "/v1/responses/"+third.ID, "").want(t, http.StatusOK)); got.ID != third.ID || len(got.Output) == 0 {
					t.Errorf("%+v", got)
				}
				g.do(http.MethodDelete, "/v1/responses/"+second.ID, "").want(t, http.StatusOK)
				g.do(http.MethodGet, "/v1/responses/"+second.ID, "").want(t, http.StatusNotFound)
				ask(`"previous_response_id":"`+third.ID+`","input":"more"`).want(t, http.StatusBadRequest)
			})
		}
	}
}

// TestKeptInput: the input of a response is read in pages, as it was sent, with
// what it stood for.
func TestKeptInput(t *testing.T) {
	t.Parallel()
	_, channel := onlySpeaks(t, ai.OpenAI, "other", "key mk-ok")
	g := newGateway(t, channel, "")
	first := madeIn(t, g.post("/v1/responses", `{"model":"m","input":"one"}`).want(t, http.StatusOK))
	second := madeIn(t, g.post("/v1/responses", `{"model":"m","input":[{"role":"user","content":"one"},{"type":"item_reference","id":"`+
		first.Output[0].ID+`"},{"role":"user","content":"three"}]}`).want(t, http.StatusOK))
	type list struct {
		Data    []struct{ ID, Type, Role string } `json:"data"`
		LastID  string                            `json:"last_id"`
		HasMore bool                              `json:"has_more"`
	}
	page := func(query string) (l list) {
		t.Helper()
		a := g.do(http.MethodGet, "/v1/responses/"+second.ID+"/input_items?"+query, "").want(t, http.StatusOK)
		if err := json.Unmarshal([]byte(a.Body), &l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := page("order=asc&limit=2")
	if len(l.Data) != 2 || !l.HasMore || l.Data[1].ID != first.Output[0].ID || l.Data[1].Role != "assistant" {
		t.Fatalf("%+v", l)
	}
	if l = page("order=asc&after=" + l.LastID); len(l.Data) != 1 || l.HasMore || l.Data[0].Role != "user" {
		t.Errorf("%+v", l)
	}
	if l = page(""); len(l.Data) != 3 || l.Data[2].ID == "" || l.Data[2].ID == l.Data[0].ID {
		t.Errorf("%+v", l)
	}
	for _, row := range []struct{ method, path string }{
		{http.MethodGet, "/input_items?limit=0"}, {http.MethodGet, "/input_items?limit=x"}, {http.MethodGet, "?stream=true"}, {http.MethodPost, "/cancel"},
	} {
		g.do(row.method, "/v1/responses/"+second.ID+row.path, "").want(t, http.StatusBadRequest)
	}
}

// TestNotKept: nothing is kept where the client or the operator does not want
// it, and what an upstream made is its own.
func TestNotKept(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, option, field string }{
		{"store false", "", `,"store":false`}, {"off", "responses_store off\n", ""}, {"off and asked for", "responses_store off\n", `,"store":true`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, channel := onlySpeaks(t, ai.OpenAI, "other", "key mk-ok")
			g := newGateway(t, row.option+channel, "")
			made := madeIn(t, g.post("/v1/responses", `{"model":"m","input":"one"`+row.field+`}`).want(t, http.StatusOK))
			if made.Store {
				t.Error("it says that it is kept")
			}
			g.do(http.MethodGet, "/v1/responses/"+made.ID, "").want(t, http.StatusNotFound)
			for _, id := range []string{made.ID, "resp_68a0c1d2e3f4"} {
				a := g.post("/v1/responses", `{"model":"m","input":"two","previous_response_id":"`+id+`"}`).want(t, http.StatusBadRequest)
				if !strings.Contains(a.Body, "send the whole conversation with store: false") {
					t.Errorf("%s: %s", id, a.Body)
				}
			}
			a := g.post("/v1/responses", `{"model":"m","input":[{"type":"item_reference","id":"msg_68a0c1d2e3f4"}]}`).want(t, http.StatusBadRequest)
			if !strings.Contains(a.Body, "send the whole conversation with store: false") {
				t.Error(a.Body)
			}
		})
	}
}

// TestKeptResponsesGoNative: a conversation that began on another protocol goes
// on where the client's own is spoken, told whole.
func TestKeptResponsesGoNative(t *testing.T) {
	t.Parallel()
	other, foreign := onlySpeaks(t, ai.OpenAI, "other", "key mk-ok", "priority 9", "models m")
	native, own := onlySpeaks(t, ai.Responses, "own", "key mk-ok", "models n")
	g := newGateway(t, foreign+own, "")
	first := madeIn(t, g.post("/v1/responses", `{"model":"m","input":"the first"}`).want(t, http.StatusOK))
	if other.Total() != 1 {
		t.Fatal("it was not translated")
	}
	g.post("/v1/responses", `{"model":"n","input":"the second","previous_response_id":"`+first.ID+`"}`).want(t, http.StatusOK)
	sentHas(t, native, "the first", first.Output[0].ID, "the second")
	if strings.Contains(string(native.Last().Body), "previous_response_id") {
		t.Errorf("%s", native.Last().Body)
	}
}

// TestKeptResponsesAreSealedAnew: what was kept under a key is there under the
// next one, once that has sealed it, and the old key is not needed any more.
func TestKeptResponsesAreSealedAnew(t *testing.T) {
	t.Parallel()
	_, channel := onlySpeaks(t, ai.Anthropic, "other", "key mk-ok")
	db := filepath.Join(t.TempDir(), "ccload.db")
	open := func(keys string) *desk {
		d := openDeskAt(t, db, "encryption_key "+keys+"\ntoken tests "+testToken+"\n"+channel)
		d.logIn(`{"password":"` + testPassword + `"}`)
		return d
	}
	d := open("the-first-key-of-all")
	made := madeIn(t, d.post("/v1/responses", `{"model":"m","input":"the first question"}`).want(t, http.StatusOK))
	next := fmt.Sprintf(`{"model":"m","previous_response_id":%q,"input":"the next question"}`, made.ID)
	d.close()

	d = open("quite-another-key the-first-key-of-all")
	d.api(http.MethodPost, "rotate", "{}").want(t, http.StatusOK)
	d.post("/v1/responses", next).want(t, http.StatusOK)
	d.close()

	d = open("quite-another-key")
	d.post("/v1/responses", next).want(t, http.StatusOK)
}
