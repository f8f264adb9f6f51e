import { ApiError } from "./problem"

// Calls of the gateway itself, as any client makes them: below the root of this
// site, with a client token. A login of the dashboard does not open it.

/** Protocols that are spoken here. */
export type ChatProtocol = "openai" | "anthropic"

export interface ChatMessage {
	role: "user" | "assistant"
	content: string
}

export interface ChatQuestion {
	token: string
	protocol: ChatProtocol
	model: string
	messages: readonly ChatMessage[]
	maxTokens: number
	signal: AbortSignal
}

interface Chunk {
	type?: string
	delta?: { text?: string }
	choices?: { delta?: { content?: string | null } }[]
	error?: { message?: string; code?: string | null; type?: string }
}

const headersOf = (token: string): Record<string, string> => ({ Authorization: "Bearer " + token, "Content-Type": "application/json", "anthropic-version": "2023-06-01" })

/** Models that the token may use. */
export async function servedModels(token: string, signal?: AbortSignal): Promise<string[]> {
	const answer = await call("/v1/models", { headers: { Authorization: "Bearer " + token }, signal })
	const said = (await answer.json()) as { data?: { id: string }[] }
	return (said.data ?? []).map((m) => m.id)
}

/** Asks, and tells the text as it comes. begun gets the request's id as soon as it is known. */
export async function streamChat(q: ChatQuestion, begun: (id: string) => void, onText: (text: string) => void): Promise<void> {
	const answer = await call(q.protocol === "openai" ? "/v1/chat/completions" : "/v1/messages", {
		method: "POST", headers: headersOf(q.token), signal: q.signal,
		body: JSON.stringify({ model: q.model, messages: q.messages, max_tokens: q.maxTokens, stream: true }),
	}, begun)
	const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
	let rest = ""
	for (;;) {
		const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
		rest += value ?? ""
		const lines = rest.split(/\r?\n/)
		rest = done ? "" : (lines.pop() ?? "")
		for (const line of lines) if (line.startsWith("data:")) take(line.slice(5).trim(), onText)
		if (done) return
	}
}

function take(data: string, onText: (text: string) => void): void {
	if (data === "" || data === "[DONE]") return
	const chunk = JSON.parse(data) as Chunk
	if (chunk.error) throw new ApiError(200, chunk.error.code ?? chunk.error.type ?? "upstream_failed", chunk.error.message ?? "")
	const text = chunk.delta?.text ?? chunk.choices?.[0]?.delta?.content
	if (text) onText(text)
}

async function call(path: string, init: RequestInit, begun?: (id: string) => void): Promise<Response> {
	let answer: Response
	try {
		answer = await fetch(location.origin + path, { ...init, credentials: "omit", cache: "no-store" })
	} catch (e) {
		if (e instanceof DOMException && e.name === "AbortError") throw e
		throw new ApiError(0, "unreachable", "")
	}
	const id = answer.headers.get("X-Ccload-Request-Id")
	if (id) begun?.(id)
	if (answer.ok && id) return answer
	if (!id) throw new ApiError(answer.status, "no_gateway", "")
	let said: Chunk = {}
	try {
		said = (await answer.json()) as Chunk
	} catch {
		// The status says it then.
	}
	throw new ApiError(answer.status, said.error?.code ?? said.error?.type ?? "upstream_failed", said.error?.message ?? `${answer.status} ${answer.statusText}`)
}
