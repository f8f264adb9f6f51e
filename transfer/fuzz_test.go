package transfer_test

import (
	"bytes"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/ccload/ccload/transfer"
)

// FuzzRead reads whatever there may be. What it accepts can be written and read
// again without a loss, and nothing that is told holds a key.
func FuzzRead(f *testing.F) {
	for _, name := range []string{"original.csv", "original-older.csv"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for name := range systemFiles {
		if strings.HasSuffix(name, ".sql") {
			continue // SQLite is not read from random bytes fast enough to be worth it
		}
		data, err := os.ReadFile("testdata/systems/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"ccload":1,"channels":[{"name":"a","urls":[{"url":"https://a.example#","protocols":["openai"]}],"keys":[{"secret":"sk-long-enough","note":"n"}],"models":["a,b"],"body_set":[{"path":"x","value":{"a": 1}}],"hours":{"from":"8:00","to":"24:00"}}],"tokens":[{"name":"t","secret":"a secret of my own"}],"aliases":[{"name":"x","models":["y"]}]}`))
	f.Add([]byte("name;urls;keys;priority\n'=a;https://a.example,{x};\"[\"\"k\"\",{\"\"secret\"\":\"\"l\"\"}]\";'-1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := transfer.Read(t.Context(), "x", data)
		if err != nil {
			return
		}
		told := tells(file)
		for _, c := range file.Set.Channels {
			for _, k := range c.Keys {
				if len(k.Secret) >= 16 && !strings.Contains(c.Name, k.Secret) && strings.Contains(told, k.Secret) {
					t.Errorf("%q is told in %s", k.Secret, told)
				}
			}
		}
		for _, write := range []func(io.Writer, *transfer.Set) error{transfer.WriteJSON, transfer.WriteCSV} {
			var out bytes.Buffer
			if err := write(&out, &file.Set); err != nil {
				t.Fatal(err)
			}
			again, err := transfer.Read(t.Context(), "x", out.Bytes())
			if err != nil || len(again.Problems) > 0 {
				t.Fatalf("%v\n%+v\n%s", err, again, out.String())
			}
			for _, c := range transfer.Diff(&file.Set, &again.Set) {
				if c.Action != transfer.ActionSame {
					t.Errorf("%+v\n%s", c, out.String())
				}
			}
			if len(again.Set.Channels) != len(file.Set.Channels) {
				t.Errorf("%d channels of %d", len(again.Set.Channels), len(file.Set.Channels))
			}
			for i := range again.Set.Channels {
				if a, b := again.Set.Channels[i].Keys, file.Set.Channels[i].Keys; len(a)+len(b) > 0 && !reflect.DeepEqual(a, b) {
					t.Errorf("keys %+v, were %+v", a, b)
				}
			}
		}
	})
}
