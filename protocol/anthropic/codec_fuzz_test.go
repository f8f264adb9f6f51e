package anthropic_test

import (
	"testing"

	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/protocol/anthropic"
)

func FuzzCodecPrompt(f *testing.F) { codectest.FuzzPrompt(f, anthropic.Format{}) }

func FuzzCodecStream(f *testing.F) { codectest.FuzzStream(f, anthropic.Format{}) }
