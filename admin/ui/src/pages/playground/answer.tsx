import type { AiAttempt, AiRecord } from "../../api/types"
import { problemText } from "../../components/problemtext"
import { Outcome, State } from "../../components/state"
import { Timeline, type TimelineRow } from "../../components/timeline"
import { duration, durations, money, moneyFull, none, rate, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { href } from "../../shell/router"
import type { Turn } from "./talk"

/** A question, its answer as it comes, and beneath it what happened. */
export function TurnView({ turn }: { turn: Turn }) {
	return (
		<article class="turn">
			<p class="said" dir="auto">{turn.question}</p>
			<div class={"answer" + (turn.running ? " running" : "")} dir="auto">{turn.answer || (turn.running ? <span class="t3">{t("play.waiting")}</span> : null)}</div>
			{turn.error && <State tone="failed" icon="failed" why={problemText(turn.error)}>{t("outcome.failed")}</State>}
			{turn.stopped && <State tone="muted" icon="stop">{t("play.stopped")}</State>}
			{turn.record && <What record={turn.record} />}
		</article>
	)
}

function What({ record: r }: { record: AiRecord }) {
	const rows = (r.attempts ?? []).map((a, i) => rowOf(a, i, r))
	const writing = r.duration_ns - (r.first_content_ns ?? r.duration_ns)
	return (
		<>
			<p class="small callfacts">
				<Outcome outcome={r.outcome} status={r.status} attempts={(r.attempts ?? []).length} />
				<span title={t("overview.times")}>{durations(r.first_content_ns, r.duration_ns)}</span>
				<span title={t("overview.tokens")}>{whole(r.usage.input)} → {whole(r.usage.output)}</span>
				{writing > 0 && r.usage.output > 1 && <span>{rate(r.usage.output / (writing / 1e9))}</span>}
				<span title={r.cost.usd === null ? undefined : moneyFull(r.cost.usd)}>{r.outcome !== "ok" && !r.cost.usd ? none : money(r.cost.usd)}</span>
				<a class="link" href={href(["requests", r.id])}>{t("play.detail")}</a>
			</p>
			{rows.length > 0 && <Timeline rows={rows} total={r.duration_ns} />}
		</>
	)
}

function rowOf(a: AiAttempt, i: number, r: AiRecord): TimelineRow {
	const good = a.outcome.kind === "ok"
	const limited = a.outcome.kind === "rate_limited"
	const end = a.start_ns + a.duration_ns
	const first = a.first_content_ns ? a.start_ns + a.first_content_ns : undefined
	return {
		key: String(i), index: String(i + 1), name: <a href={href(["channels", a.target.channel])}>{a.target.channel}</a>,
		sub: a.target.model === r.model ? undefined : a.target.model,
		parts: first === undefined ? [{ from: a.start_ns, to: end, kind: good ? "ready" : limited ? "resting" : "failed" }] : [{ from: a.start_ns, to: first, kind: "wait" }, { from: first, to: end, kind: good ? "ready" : limited ? "resting" : "failed" }],
		commit: good ? first : undefined,
		what: good ? (
			<State tone="ready" icon="ready" why={first !== undefined ? t("play.firstAfter", { time: duration(a.first_content_ns) }) : undefined}>{t("outcome.ok")}</State>
		) : (
			<State tone={limited ? "resting" : "failed"} icon={limited ? "resting" : "failed"} why={a.outcome.message}>{tCode("kind", a.outcome.kind)}</State>
		),
		end: duration(a.duration_ns), endSub: good ? money(a.cost.usd) : none,
	}
}
