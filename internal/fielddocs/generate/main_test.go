package main

import (
	"os"
	"testing"
)

func TestDocsAreCurrent(t *testing.T) {
	want, err := generate("../../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../docs.json")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("docs.json is not what the source says: run go generate ./internal/fielddocs")
	}
}
