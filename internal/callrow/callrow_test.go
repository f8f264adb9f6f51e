package callrow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ccload/ccload/ai"
)

func TestReasonsAreGrouped(t *testing.T) {
	until := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	list := make([]ai.Candidate, 200)
	for i := range list {
		list[i] = ai.Candidate{Channel: fmt.Sprint("channel-", i), Reason: ai.Eligible}
		switch {
		case i%2 == 0:
			list[i].Reason, list[i].Detail = ai.WrongProtocol, "speaks openai"
		case i%3 == 0:
			list[i].Reason, list[i].Detail, list[i].Until = ai.Cooling, "key cools down", until
		}
	}
	text := string(NewRow(&ai.Record{Candidates: list}).Details)
	if len(text) > 800 {
		t.Errorf("%d bytes for 200 channels: %s", len(text), text)
	}
	names := shared.find(list).Names
	var back ai.Record
	if err := DecodeDetails(&back, names, text); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, back.Candidates); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "{", `{"left_out":[{"at":[200]}]}`, `{"left_out":[{"at":[-1]}]}`, `{"attempts":3}`} {
		if err := DecodeDetails(&back, names, bad); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestCandidateSetsAreFoundByTheirNames(t *testing.T) {
	c := newSets()
	list := func(names ...string) (l []ai.Candidate) {
		for _, n := range names {
			l = append(l, ai.Candidate{Channel: n})
		}
		return l
	}
	ab := c.find(list("a", "b"))
	if c.find(list("a", "b")) != ab {
		t.Error("the same names are another set")
	}
	for _, other := range [][]ai.Candidate{list("b", "a"), list("ab"), list("a", "b", ""), list("", "a", "b"), list("a,b")} {
		if string(c.find(other).ID) == string(ab.ID) {
			t.Errorf("%v is the set of a and b", other)
		}
	}
	for i := range 2 * maxSets {
		c.find(list(strconv.Itoa(i)))
	}
	if len(c.known) > maxSets {
		t.Errorf("%d sets are cached", len(c.known))
	}
	if string(c.find(list("a", "b")).ID) != string(ab.ID) {
		t.Error("the id of a set is not the same each time")
	}
}

// fill sets every field of a struct to something that is not empty.
func fill(v reflect.Value, n *int64) {
	*n++
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(1_780_000_000+*n, *n).UTC()))
	case v.Type() == reflect.TypeFor[ai.Kind]():
		v.SetUint(uint64(*n % int64(len(ai.Kinds())))) //nolint:gosec // small
	case v.Type() == reflect.TypeFor[ai.Scope]():
		v.SetUint(1 + uint64(*n%int64(len(ai.Scopes())-1))) //nolint:gosec // small
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("json") != "-" { // what is of the moment only
				fill(v.Field(i), n)
			}
		}
	case v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[ai.ModelUsage]():
		v.Set(reflect.ValueOf([]ai.ModelUsage{{Model: "beside", Usage: ai.Usage{Output: *n}}}))
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case v.Kind() == reflect.String:
		v.SetString("text \"" + strconv.FormatInt(*n, 10) + "\\ <é\t>")
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(*n * 1_000_003)
	case v.CanFloat():
		v.SetFloat(float64(*n) / 7)
	default:
		panic(v.Type())
	}
}

// full returns a record of which no field is empty.
func full() *ai.Record {
	r, n := new(ai.Record), int64(0)
	fill(reflect.ValueOf(r).Elem(), &n)
	r.Day = 20261130
	return r
}

// decode reads what AppendRow wrote, with its set.
func decode(t *testing.T, text []byte, set *Set) Row {
	t.Helper()
	sets := make(Sets)
	if set != nil {
		if err := sets.Add(AppendSet(nil, set)); err != nil {
			t.Fatal(err)
		}
	}
	row, err := sets.Decode(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return row
}

// Every field of a record is written and read again: a new one that is forgotten
// here would be lost with the process.
func TestEveryFieldIsKept(t *testing.T) {
	want := full()
	for _, k := range []Kind{Done, Open} {
		text, details, set := AppendRow(nil, k, want)
		if !json.Valid(text) || bytes.IndexByte(text, 0) >= 0 || KindOf(text) != k {
			t.Fatalf("%s", text)
		}
		row := decode(t, text, set)
		if diff := cmp.Diff(want, row.Record); diff != "" {
			t.Error(diff)
		}
		if !bytes.Equal(row.Details, text[details:len(text)-1]) || !bytes.Equal(row.Details, NewRow(want).Details) || !bytes.Equal(row.Set.ID, set.ID) {
			t.Errorf("the details are not those of the text: %s", row.Details)
		}
		if id, err := ID(text); err != nil || id != want.ID {
			t.Errorf("id %q, %v", id, err)
		}
	}
	open, _, _ := AppendRow(nil, Open, want)
	done, _, _ := AppendRow(nil, Done, want)
	if !bytes.Equal(Closed(open), done) {
		t.Errorf("closed: %s", Closed(open))
	}
}

// A field alone is read as it was, and one that is empty takes no room.
func TestFieldsByThemselves(t *testing.T) {
	whole := reflect.ValueOf(full()).Elem()
	for i := range whole.NumField() {
		r := &ai.Record{ID: "req_1", Attempts: []ai.Attempt{}, Candidates: nil}
		reflect.ValueOf(r).Elem().Field(i).Set(whole.Field(i))
		text, _, set := AppendRow(nil, Done, r)
		if diff := cmp.Diff(r, decode(t, text, set).Record); diff != "" {
			t.Errorf("%s: %s", whole.Type().Field(i).Name, diff)
		}
	}
	text, _, _ := AppendRow(nil, Done, &ai.Record{ID: "req_1"})
	if string(text) != `{"done":{"id":"req_1","outcome":"ok"},"details":{}}` {
		t.Errorf("%s", text)
	}
}

func TestAmountsAreWrittenAsMoneyWritesThem(t *testing.T) {
	for _, m := range []ai.Money{1, -1, 10, 999_999_999, ai.Dollar, -3 * ai.Dollar / 2, 12_345_678_900_000_001, math.MaxInt64, math.MinInt64 + 1} {
		if got, want := string(appendMoney([]byte("{"), "a", m)), `{"a":`+m.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// Without its list of channels, which was damaged, a call is kept without them.
func TestACallWithoutItsSet(t *testing.T) {
	r := full()
	text, _, _ := AppendRow(nil, Done, r)
	row := decode(t, text, nil)
	r.Candidates = nil
	if diff := cmp.Diff(r, row.Record); diff != "" {
		t.Error(diff)
	}
	if back := new(ai.Record); DecodeDetails(back, nil, string(row.Details)) != nil {
		t.Errorf("its details cannot be read: %s", row.Details)
	}
}

// FuzzDecode: whatever stands in a journal, reading it does not panic, and what
// was read as a call can be stored.
func FuzzDecode(f *testing.F) {
	text, _, set := AppendRow(nil, Done, full())
	f.Add(text)
	f.Add(AppendSet(nil, set))
	f.Add([]byte(`{"open":{"id":"a\"b"},"details":{"left_out":[{"at":[7]}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ID(b)
		sets := make(Sets)
		_ = sets.Add(b)
		row, err := sets.Decode(b)
		if err == nil && (row.Record.ID == "" || DecodeDetails(new(ai.Record), nil, string(row.Details)) != nil && row.Set == nil) {
			t.Errorf("%q was read as %+v", b, row)
		}
	})
}

// FuzzText: a text is valid JSON whatever it says, and comes back clean.
func FuzzText(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\xff\"\\\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(appendText(nil, s), &back); err != nil || back != Clean(s) {
			t.Errorf("%q: %q, %v", s, back, err)
		}
	})
}

func BenchmarkAppendRow(b *testing.B) {
	r := full()
	r.Attempts = r.Attempts[:1]
	var text []byte
	b.ReportAllocs()
	for b.Loop() {
		text, _, _ = AppendRow(text[:0], Done, r)
	}
	b.SetBytes(int64(len(text)))
}
