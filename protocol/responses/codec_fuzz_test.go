package responses_test

import (
	"testing"

	"github.com/ccload/ccload/internal/codectest"
	"github.com/ccload/ccload/protocol/responses"
)

func FuzzCodecPrompt(f *testing.F) { codectest.FuzzPrompt(f, responses.Format{}) }

func FuzzCodecStream(f *testing.F) { codectest.FuzzStream(f, responses.Format{}) }
