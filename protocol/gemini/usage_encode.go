package gemini

import "github.com/ccload/ccload/ai"

// usageOut writes usage so that counts reads it the same. What was written to a
// cache has no place in Google's numbers, and the searches are counted by their
// queries.
func usageOut(u *ai.Usage) *outUsage {
	if !u.Reported {
		return nil
	}
	return &outUsage{
		Prompt:     u.Input,
		Cached:     u.CachedInput,
		Candidates: u.Output - u.Reasoning,
		Thoughts:   u.Reasoning,
		Total:      u.Input + u.Output,
		InParts:    modalitiesOut(u.Input, u.AudioInput, u.ImageInput),
		CacheParts: modalitiesOut(u.CachedInput, u.CachedAudio, u.CachedImage),
		OutParts:   modalitiesOut(u.Output-u.Reasoning, u.AudioOutput, u.ImageOutput),
		Tier:       u.ServiceTier,
	}
}

func modalitiesOut(all, audio, image int64) []outModality {
	var list []outModality
	for _, m := range []outModality{{"TEXT", all - audio - image}, {"AUDIO", audio}, {"IMAGE", image}} {
		if m.Count > 0 {
			list = append(list, m)
		}
	}
	return list
}
