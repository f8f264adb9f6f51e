import type { ComponentChildren } from "preact"
import { channelStates } from "../../api/live"
import { isOperator } from "../../api/session"
import type { AiAttempt, AiRecord } from "../../api/types"
import { Countdown, State } from "../../components/state"
import { Timeline, type TimelinePart, type TimelineRow } from "../../components/timeline"
import { clockTime, duration, exact, listOf, money, moneyFull, none, rate, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { second } from "../../api/clock"
import { href } from "../../shell/router"
import { whyText } from "./why"

/** Failures that say "later": shown in the colour of rests. */
const limits = ["rate_limited", "quota_exhausted", "overloaded"]

/** Endings that no channel is to blame for. */
const blameless = ["client_gone", "ended"]

/** An error inside a good status is a failure, whatever it says. */
const failureOf = ({ outcome: o }: AiAttempt): "resting" | "failed" | "muted" => (blameless.includes(o.kind) ? "muted" : limits.includes(o.kind) && (o.status ?? 0) >= 300 ? "resting" : "failed")

/** The timeline of a call: how targets were chosen, then each attempt. */
export function WhatHappened({ call: c }: { call: AiRecord }) {
	const attempts = c.attempts ?? []
	const rows = isOperator() ? [...(attempts.length > 0 ? [choice(c)] : []), ...attempts.map((a, i) => attemptRow(c, a, i))] : [ownRow(c)]
	return (
		<section class="sec">
			<header>
				<h2>{t("requests.happened")}</h2>
				<span class="sub">{summary(c, attempts)}</span>
				{rows.length > 0 && <Legend call={c} />}
			</header>
			{rows.length > 0 ? <Timeline rows={rows} total={Math.max(c.duration_ns, ...attempts.map((a) => a.start_ns + a.duration_ns))} /> : <p class="t2">{t((c.candidates ?? []).length > 0 ? "requests.nobodyAsked" : "requests.nobodyServes")}</p>}
		</section>
	)
}

/** What failover did for the client, in a sentence. */
function summary(c: AiRecord, attempts: readonly AiAttempt[]): string {
	const last = attempts[attempts.length - 1]
	if (attempts.length < 2 || !last) return ""
	if (c.outcome === "ok") return t("requests.saved", { time: duration(last.start_ns - (attempts[0]?.start_ns ?? 0)) })
	return t("requests.allFailed", { n: attempts.length })
}

function Legend({ call: c }: { call: AiRecord }) {
	const kinds = new Set((c.attempts ?? []).map((a) => (a.outcome.kind === "ok" ? "ready" : failureOf(a))))
	if (!isOperator()) kinds.add(c.outcome === "ok" ? "ready" : "failed")
	return (
		<div class="keys push">
			{(c.attempts ?? []).some((a) => dialled(a) > 0) && <Key fill="f-muted" text={t("requests.key.connecting")} />}
			<Key fill="f-wait" text={t("requests.key.waiting")} />
			{kinds.has("resting") && <Key fill="f-resting" text={t("requests.key.limited")} />}
			{kinds.has("failed") && <Key fill="f-failed" text={t("outcome.failed")} />}
			{kinds.has("ready") && <Key fill="f-ready" text={t(c.stream ? "requests.key.streaming" : "requests.key.answering")} />}
		</div>
	)
}

const Key = ({ fill, text }: { fill: string; text: string }) => (
	<span class="key">
		<svg viewBox="0 0 10 10" aria-hidden="true">
			<rect class={fill} x=".5" y=".5" width="9" height="9" rx="2" />
		</svg>
		{text}
	</span>
)

function choice(c: AiRecord): TimelineRow {
	const candidates = c.candidates ?? []
	// Those that were tried rest now because of it, and could have served then.
	const tried = new Set((c.attempts ?? []).map((a) => a.target.channel))
	const could = candidates.filter((x) => x.reason === "eligible" || tried.has(x.channel)).map((x) => x.channel)
	const until = c.attempts?.[0]?.start_ns ?? c.duration_ns
	return {
		key: "choice",
		name: t("requests.choose"),
		sub: c.policy,
		parts: [{ from: 0, to: until, kind: "choose" }],
		what: (
			<span class="couldserve" dir="auto">
				{t("requests.considered", { n: candidates.length, could: could.length })}<bdi>{listOf(could.slice(0, 12))}</bdi>
				{could.length > 12 && ` +${could.length - 12}`}
			</span>
		),
		end: duration(until),
	}
}

function partsOf(start: number, first: number | undefined, length: number, kind: TimelinePart["kind"]): TimelinePart[] {
	if (!first || first > length) return [{ from: start, to: start + length, kind }]
	return [{ from: start, to: start + first, kind: "wait", text: duration(first) }, { from: start + first, to: start + length, kind }]
}

/** How long the connection of an attempt took to be made; 0 where it was open already. */
const dialled = ({ dialing: d }: AiAttempt): number => (d ? (d.dns_ns ?? 0) + (d.connect_ns ?? 0) + (d.tls_ns ?? 0) : 0)

/** The parts of an attempt: its connection, if it made one, then the wait, then the answer. */
function attemptParts(a: AiAttempt, kind: TimelinePart["kind"]): TimelinePart[] {
	const dial = Math.min(dialled(a), a.duration_ns)
	const parts = partsOf(a.start_ns, a.first_content_ns, a.duration_ns, kind)
	if (!dial || !parts[0]) return parts
	return [{ from: a.start_ns, to: a.start_ns + dial, kind: "muted" }, { ...parts[0], from: a.start_ns + dial, to: Math.max(parts[0].to, a.start_ns + dial) }, ...parts.slice(1)]
}

function phases(a: AiAttempt): string {
	const d = a.dialing
	const short = (ns: number | undefined) => (ns ? duration(ns) : none)
	return listSub([
		d ? t("requests.phases", { dns: short(d.dns_ns), connect: short(d.connect_ns), tls: short(d.tls_ns) }) : "",
		a.first_byte_ns ? t("requests.firstByte", { time: duration(a.first_byte_ns) }) : "",
	])
}

function attemptRow(c: AiRecord, a: AiAttempt, i: number): TimelineRow {
	const ok = a.outcome.kind === "ok"
	const known = channelStates.value?.find((x) => x.name === a.target.channel)
	return {
		key: String(i),
		index: String(i + 1),
		name: known ? <a class="plain" href={href(["channels", a.target.channel])} dir="auto">{a.target.channel}</a> : <span dir="auto">{a.target.channel}</span>,
		sub: (
			<span dir="auto" title={a.target.url}>
				{listSub([a.target.key && keyName(a), hostOf(a.target.url), a.protocol && t("requests.translated", { protocol: a.protocol })])}
			</span>
		),
		parts: attemptParts(a, ok ? "ready" : failureOf(a)),
		mark: ok ? undefined : t("requests.at", { time: duration(a.start_ns + a.duration_ns) }),
		commit: ok && c.stream && a.first_content_ns ? a.start_ns + a.first_content_ns : undefined,
		what: <What call={c} attempt={a} />,
		end: duration(a.duration_ns),
		endSub: <span title={a.cost.usd === null ? t("requests.unpriced") : moneyFull(a.cost.usd)}>{money(a.cost.usd)}</span>,
	}
}

const listSub = (parts: readonly (string | undefined | false)[]): string => parts.filter(Boolean).join(" · ")

function hostOf(url: string): string {
	try {
		return new URL(url).host
	} catch {
		return url
	}
}

/** A key by its last four signs, or by its fingerprint where it is not there any more. */
export function keyName(a: AiAttempt): string {
	const key = channelStates.value?.find((x) => x.name === a.target.channel)?.keys?.find((k) => k.fingerprint === a.target.key)
	return t("requests.keyName", { key: key?.last_four ? "…" + key.last_four : "#" + (a.target.key ?? "").slice(0, 6) })
}

function What({ call: c, attempt: a }: { call: AiRecord; attempt: AiAttempt }) {
	const ok = a.outcome.kind === "ok"
	const kind = failureOf(a)
	const lines: ComponentChildren[] = []
	const blame = !ok && !blameless.includes(a.outcome.kind)
	if (a.outcome.message && blame) lines.push(<span dir="auto">“{a.outcome.message}”</span>)
	if (a.rested) lines.push(<Rest call={c} attempt={a} />)
	if (ok && c.stream && a.first_content_ns) lines.push(t("requests.committed", { time: duration(a.start_ns + a.first_content_ns) }))
	if (blame && !a.outcome.retry) lines.push(t("requests.noRetry"))
	const notes = listSub([
		a.why && t("requests.chosen", { why: whyText(a.why) }),
		a.probe && t("requests.probe"),
		a.outcome.rule && t("requests.rule", { rule: a.outcome.rule }),
		a.outcome.code && t("requests.code", { code: a.outcome.code }),
		a.server_id && t("requests.serverId", { id: a.server_id }),
	])
	if (a.target.model !== c.model) lines.push(t("requests.asModel", { model: a.target.model }))
	if (a.dropped?.length) lines.push(t("requests.dropped", { fields: listOf(a.dropped) }))
	return (
		<>
			<State tone={ok ? "ready" : kind} icon={ok ? "ready" : kind === "muted" ? "caller" : kind} why={ok ? speed(c, a) : statusText(a)}>
				{ok ? t(c.stream ? "requests.streamed" : "requests.answered", { status: a.outcome.status ?? c.status }) : tCode("kind", a.outcome.kind)}
			</State>
			{lines.map((line, i) => <span key={i} class="whatline">{line}</span>)}
			{phases(a) && <span class="sub">{phases(a)}</span>}
			{notes && <span class="sub" dir="auto">{notes}</span>}
		</>
	)
}

function statusText(a: AiAttempt): string {
	const { status, kind } = a.outcome
	if (!status || kind === "rate_limited" && status === 429 || blameless.includes(kind)) return ""
	return status < 300 ? t(kind === "soft_error" ? "requests.httpStatus" : "requests.insideOk", { status }) : t("requests.httpStatus", { status })
}

function speed(c: AiRecord, a: AiAttempt): string {
	const after = a.duration_ns - (a.first_content_ns ?? 0)
	const out = a.usage.output
	if (!out) return a.first_content_ns ? t("requests.firstAfter", { time: duration(a.first_content_ns) }) : ""
	const perSecond = c.stream && after > 1e8 ? rate(out / (after / 1e9)) : ""
	const tokens = t("requests.outTokens", { n: out, count: whole(out) })
	if (!a.first_content_ns) return tokens
	const first = t("requests.firstAfter", { time: duration(a.first_content_ns) })
	return perSecond ? `${first} · ${tokens} · ${perSecond}` : `${first} · ${tokens}`
}

/** What rests because of an attempt, how long, and who said so. */
function Rest({ call: c, attempt: a }: { call: AiRecord; attempt: AiAttempt }) {
	const until = Date.parse(a.rested ?? "")
	const began = Date.parse(c.time) + (a.start_ns + a.duration_ns) / 1e6
	const what: Record<string, string> = {
		key: keyName(a),
		key_model: `${keyName(a)}, ${a.target.model}`,
		url: hostOf(a.target.url),
		url_model: `${hostOf(a.target.url)}, ${a.target.model}`,
		url_protocol: `${hostOf(a.target.url)}, ${a.protocol || c.protocol}`,
		model: `${a.target.channel}, ${a.target.model}`,
		channel: a.target.channel,
		group: t("requests.groupOf", { channel: a.target.channel }),
	}
	return (
		<span dir="auto" title={exact(until)}>
			{t("requests.rests", { what: what[a.outcome.scope] ?? a.target.channel, time: duration(Math.max(0, until - began) * 1e6), until: clockTime(until) })}
			{a.outcome.until ? ` ${t("requests.asAsked")}` : ""}
			{until > second.value && (
				<>
					{" · "}
					{t("requests.stillRests")}{" "}
					<Countdown until={a.rested ?? ""} />
				</>
			)}
		</span>
	)
}

/** What the holder of a token sees: when the call was answered, nothing of who did it. */
function ownRow(c: AiRecord): TimelineRow {
	const ok = c.outcome === "ok"
	return {
		key: "own",
		name: t("requests.answer"),
		parts: partsOf(0, c.first_content_ns, c.duration_ns, ok ? "ready" : "failed"),
		what: (
			<State tone={ok ? "ready" : "failed"} icon={ok ? "ready" : "failed"} why={c.first_content_ns ? t("requests.firstAfter", { time: duration(c.first_content_ns) }) : undefined}>
				{ok ? t(c.stream ? "requests.streamed" : "requests.answered", { status: c.status }) : tCode("kind", c.outcome)}
			</State>
		),
		end: duration(c.duration_ns),
		endSub: c.cost.usd === null ? none : money(c.cost.usd),
	}
}
