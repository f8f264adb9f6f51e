import { ask } from "../../api/client"
import { ApiError, asProblem } from "../../api/problem"
import { type ChatMessage, type ChatProtocol, streamChat } from "../../api/gateway"
import type { AiRecord } from "../../api/types"

/** One question and what came of it. */
export interface Turn {
	question: string
	answer: string
	model: string
	id?: string
	running: boolean
	stopped?: boolean
	error?: ApiError
	/** The call as the gateway recorded it. */
	record?: AiRecord
}

const recordTries = 8
const recordPause = 250

/** Asks a model with all that was said before; tells of each change of the turn. */
export async function askModel(q: { token: string; channel: string; site: string; protocol: ChatProtocol; model: string; before: readonly Turn[]; question: string; maxTokens: number; signal: AbortSignal }, tell: (t: Turn) => void): Promise<void> {
	const turn: Turn = { question: q.question, answer: "", model: q.model, running: true }
	tell({ ...turn })
	const messages: ChatMessage[] = [...q.before.filter((x) => x.answer && !x.error).flatMap((x): ChatMessage[] => [{ role: "user", content: x.question }, { role: "assistant", content: x.answer }]), { role: "user", content: q.question }]
	let due = 0
	try {
		await streamChat(
			{ ...q, messages },
			(id) => (turn.id = id),
			(text) => {
				turn.answer += text
				// Once per frame: a fast model sends hundreds of pieces a second.
				due ||= requestAnimationFrame(() => {
					due = 0
					tell({ ...turn })
				})
			},
		)
	} catch (e) {
		turn.error = asProblem(e)
		turn.stopped = !turn.error
	}
	cancelAnimationFrame(due)
	turn.running = false
	tell({ ...turn })
	if (turn.id) tell({ ...turn, record: await recordOf(turn.id) })
}

/** The record is written when the call is settled, which may be a moment after its last byte. */
async function recordOf(id: string): Promise<AiRecord | undefined> {
	for (let i = 0; i < recordTries; i++) {
		try {
			return await ask("GET calls/{id}", { path: { id } })
		} catch (e) {
			if (!(e instanceof ApiError) || e.code !== "not_found") return undefined
			await new Promise((done) => setTimeout(done, recordPause))
		}
	}
	return undefined
}
