package responses

import (
	"github.com/ccload/ccload/protocol"
	"github.com/ccload/ccload/protocol/schema"
)

// limits are what OpenAI takes of names at this endpoint: "string too long.
// Expected a string with maximum length 64" of call_id and safety_identifier,
// and ^[a-zA-Z0-9_-]{1,64}$ of the names of tools and schemas.
// https://platform.openai.com/docs/api-reference/responses/create
var limits = protocol.Limits{
	Tools:  protocol.NameRule{Most: 64, Others: "_-"},
	Calls:  protocol.NameRule{Most: 64, Others: printable},
	Schema: protocol.NameRule{Most: 64, Others: "_-"},
}

const maxUser = 64

// schemas is what the API refuses of the schemas of tools.
// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
var schemas = schema.Target{Items: true, Properties: true}

// printable are the letters of ASCII that no rule is known against.
const printable = "_-.:/|+=~@#$%&*!?,;()[]{}<>^'` "
