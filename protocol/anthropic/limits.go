package anthropic

import "github.com/ccload/ccload/protocol"

// limits are what Anthropic takes of names. A tool's name matches
// ^[a-zA-Z0-9_-]{1,128}$ and a call's id ^[a-zA-Z0-9_-]+$; those who resell the
// models (Bedrock) take 64 of either, so an id that must be fitted gets no
// longer.
// https://docs.claude.com/en/api/messages
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html
var limits = protocol.Limits{
	Tools: protocol.NameRule{Most: 128, Others: "_-"},
	Calls: protocol.NameRule{Most: 64, Others: "_-"},
}

// maxUser is the longest metadata.user_id. It may be "a uuid, hash value, or
// other opaque identifier": addresses and telephone numbers are refused.
// https://docs.claude.com/en/api/messages
const maxUser = 256
