package gemini_test

import (
	"testing"

	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/protocol/gemini"
)

func FuzzCodecPrompt(f *testing.F) { codectest.FuzzPrompt(f, gemini.Format{}) }

func FuzzCodecStream(f *testing.F) { codectest.FuzzStream(f, gemini.Format{}) }
