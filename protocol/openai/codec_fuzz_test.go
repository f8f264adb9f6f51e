package openai_test

import (
	"testing"

	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/protocol/openai"
)

func FuzzCodecPrompt(f *testing.F) { codectest.FuzzPrompt(f, openai.Format{}) }

func FuzzCodecStream(f *testing.F) { codectest.FuzzStream(f, openai.Format{}) }
