package gemini

import (
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/scan"
)

// readLogprobs reads a logprobsResult.
func readLogprobs(value []byte) []protocol.Logprob {
	var chosen []protocol.Logprob
	var top [][]protocol.Logprob
	_ = fields(value, "", func(name string, value []byte) error {
		switch name {
		case "chosenCandidates":
			chosen = readTokens(value)
		case "topCandidates":
			return elements(value, "", func(value []byte, _ string) error {
				var alike []protocol.Logprob
				_ = fields(value, "", func(_ string, value []byte) error {
					alike = readTokens(value)
					return nil
				})
				top = append(top, alike)
				return nil
			})
		}
		return nil
	})
	for i := range chosen {
		if i < len(top) {
			chosen[i].Top = top[i]
		}
	}
	return chosen
}

func readTokens(value []byte) []protocol.Logprob {
	var all []protocol.Logprob
	_ = elements(value, "", func(value []byte, _ string) error {
		var t protocol.Logprob
		_ = fields(value, "", func(name string, value []byte) error {
			switch name {
			case "token":
				t.Token, _ = scan.String(value)
			case "logProbability":
				t.Logprob, _ = readFloat(value, "")
			}
			return nil
		})
		all = append(all, t)
		return nil
	})
	return all
}
