package apitypes_test

import (
	"os"
	"strings"
	"testing"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/internal/apitypes"
)

// TestTypesAreGenerated: the pages are built with the types of this API.
func TestTypesAreGenerated(t *testing.T) {
	want, err := apitypes.TypeScript(admin.Description("/ccload"))
	if err != nil {
		t.Fatal(err)
	}
	is, err := os.ReadFile("../../admin/ui/src/api/types.ts")
	if err != nil {
		t.Fatal(err)
	}
	if string(is) != want {
		t.Error("admin/ui/src/api/types.ts is not what the API is: run go generate ./internal/apitypes")
	}
}

func TestTypeScript(t *testing.T) {
	object := func(kind any) map[string]any { return map[string]any{"type": kind} }
	text, err := apitypes.TypeScript(map[string]any{
		"paths": map[string]any{"/a/{name}": map[string]any{"get": map[string]any{
			"summary": "Ask",
			"requestBody": map[string]any{"content": map[string]any{
				"multipart/form-data": map[string]any{}, "application/octet-stream": map[string]any{},
				"application/json": map[string]any{"schema": object("string")},
			}},
			"parameters": []any{map[string]any{"name": "name", "in": "path"}, map[string]any{"name": "limit", "in": "query"}},
			"responses": map[string]any{"200": map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": map[string]any{
				"properties": map[string]any{"data": map[string]any{"$ref": "#/components/schemas/ai.Record"}},
			}}}}},
		}}},
		"components": map[string]any{"schemas": map[string]any{"ai.Record": map[string]any{
			"properties": map[string]any{
				"a": object("string"), "b": object([]string{"array", "null"}), "odd-name": object("integer"),
				"c": map[string]any{"anyOf": []any{object("boolean"), object("null")}},
				"d": map[string]any{"type": "object", "additionalProperties": object("number")},
				"e": map[string]any{}, "f": map[string]any{"type": "object"},
			},
			"x-always-in-answers": []string{"a"},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"export interface AiRecord {", "\ta: string\n", "\tb?: unknown[] | null\n", "\t\"odd-name\"?: number\n", "\tc?: boolean | null\n",
		"\td?: Record<string, number>\n", "\te?: unknown\n", "\tf?: Record<string, unknown>\n",
		`"GET a/{name}": { path: { name: Param }; query: { limit?: Param }; body: Sent<string> | Blob | string | FormData; answer: AiRecord }`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}
