import { addressOf } from "./client"
import { ApiError } from "./problem"
import { needLogin } from "./session"

// Calls that the gateway makes for the operator, as it serves those of any client.

/** Protocols that are spoken here. */
export type ChatProtocol = "openai" | "anthropic"

export interface ChatMessage {
	role: "user" | "assistant"
	content: string
}

export interface ChatQuestion {
	/** Whose limits count it; "" is the operator's own. */
	token: string
	/** The only one that may serve; "" leaves it to the gateway. */
	channel: string
	site: string
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

/** Asks, and tells the text as it comes. begun gets the request's id as soon as it is known. */
export async function streamChat(q: ChatQuestion, begun: (id: string) => void, onText: (text: string) => void): Promise<void> {
	const answer = await call(
		{
			token: q.token, channel: q.channel, site: q.site, path: q.protocol === "openai" ? undefined : "/v1/messages",
			body: { model: q.model, messages: q.messages, max_tokens: q.maxTokens, stream: true },
		},
		q.signal,
		begun,
	)
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

async function call(play: unknown, signal: AbortSignal, begun: (id: string) => void): Promise<Response> {
	for (;;) {
		let answer: Response
		try {
			answer = await fetch(addressOf("POST playground"), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(play), credentials: "same-origin", cache: "no-store", signal })
		} catch (e) {
			if (e instanceof DOMException && e.name === "AbortError") throw e
			throw new ApiError(0, "unreachable", "")
		}
		const id = answer.headers.get("X-Ccload-Request-Id")
		if (id) begun(id)
		if (answer.ok) return answer
		let said: Chunk = {}
		try {
			said = (await answer.json()) as Chunk
		} catch {
			// The status says it then.
		}
		if (said.error?.code === "login_required" && (await needLogin())) continue
		throw new ApiError(answer.status, said.error?.code ?? said.error?.type ?? "upstream_failed", said.error?.message ?? `${answer.status} ${answer.statusText}`)
	}
}
