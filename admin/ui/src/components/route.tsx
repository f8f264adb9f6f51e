import type { AiAttempt, AiRecord } from "../api/types"
import { t, tCode } from "../i18n/text"
import { Icon } from "./icon"

const limits = ["rate_limited", "quota_exhausted", "overloaded"]
/** The client ended it, or an operator. */
const blameless = ["client_gone", "ended"]
const most = 3

/** The way of a call in one line: who was tried and failed, and who answered. */
export function CallRoute({ call }: { call: AiRecord }) {
	const attempts = call.attempts ?? []
	if (attempts.length === 0) {
		const some = (call.candidates ?? []).length > 0
		return <span class="t3">{call.outcome === "ok" ? "" : t(some ? "overview.noneFree" : "overview.noneServes")}</span>
	}
	const shown = attempts.length > most + 1 ? [...attempts.slice(0, most - 1), ...attempts.slice(-1)] : attempts
	const hidden = attempts.length - shown.length
	return (
		<span class="route">
			{shown.map((a, i) => (
				<span key={i} class="step">
					{i > 0 && <Icon name="right" small />}
					{hidden > 0 && i === shown.length - 1 && <span class="t3">+{hidden} <Icon name="right" small /></span>}
					<Step attempt={a} />
				</span>
			))}
		</span>
	)
}

function Step({ attempt: a }: { attempt: AiAttempt }) {
	const kind = a.outcome.kind
	if (kind === "ok") return <span class="clipname" dir="auto">{a.target.channel}</span>
	return (
		<span class="no" title={a.outcome.message ? `${tCode("kind", kind)}: ${a.outcome.message}` : tCode("kind", kind)}>
			<span class="clipname" dir="auto">{a.target.channel}</span> <em class={blameless.includes(kind) ? "by" : limits.includes(kind) && a.outcome.status !== 200 ? "lim" : undefined}>✕ {shortReason(a)}</em>
		</span>
	)
}

/** 429, in 200, timeout: what a failure is called where there is little room. */
function shortReason(a: AiAttempt): string {
	const kind = a.outcome.kind
	// An error inside a good status is told by that: it is what a gateway finds and others miss.
	if (a.outcome.status === 200 && !["empty", "truncated", ...blameless].includes(kind)) return tCode("short", "soft_error")
	if (["soft_error", "empty", "truncated", ...blameless].includes(kind)) return tCode("short", kind)
	return a.outcome.status && a.outcome.status >= 400 ? String(a.outcome.status) : tCode("short", kind)
}
