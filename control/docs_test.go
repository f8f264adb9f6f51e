package control

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ccload/ccload/internal/fielddocs"
)

// TestEveryLiveFieldHasADoc: the types of live events are in no description of
// the API, which says of those events only that they are a stream.
func TestEveryLiveFieldHasADoc(t *testing.T) {
	seen := 0
	for _, of := range []reflect.Type{
		reflect.TypeFor[Metrics](), reflect.TypeFor[Journal](), reflect.TypeFor[Snapshot](), reflect.TypeFor[OwnMetrics](), reflect.TypeFor[Change](),
	} {
		for f := range of.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous && name == "" {
				continue // it is in the list itself
			}
			seen++
			if fielddocs.Of(of.String()+"."+name) == "" {
				t.Errorf("%s.%s has no doc: write a comment at its field, then go generate ./internal/fielddocs", of, name)
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d fields were looked at", seen)
	}
}
