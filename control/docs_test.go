package control

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/internal/fielddocs"
)

// TestEveryLiveFieldHasADoc: what the events of a stream hold is documented
// field by field, as answers are.
func TestEveryLiveFieldHasADoc(t *testing.T) {
	seen := 0
	for _, of := range []reflect.Type{
		reflect.TypeFor[admin.LiveMetrics](), reflect.TypeFor[admin.LiveJournal](), reflect.TypeFor[admin.LiveSnapshot](), reflect.TypeFor[admin.OwnMetrics](), reflect.TypeFor[admin.LiveChange](),
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
