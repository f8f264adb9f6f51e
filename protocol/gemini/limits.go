package gemini

import "github.com/ccload/ccload/protocol"

// limits are what Google takes of names: letters, digits, _, . and -, beginning
// with a letter or _. Its pages say 64 or 128 characters, and with colons or
// without; this is what all of them allow. Ids of calls are free.
// https://ai.google.dev/api/caching#FunctionDeclaration
// https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/FunctionDeclaration
var limits = protocol.Limits{Tools: protocol.NameRule{Most: 64, Others: "_-.", Letter: true}}
