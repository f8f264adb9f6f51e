import { useMemo } from "preact/hooks"
import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import type { ChannelHealth, HealthStep } from "../../api/types"
import { Chart } from "../../components/chart"
import { HourStrip } from "../../components/hourstrip"
import { Empty, Failure } from "../../components/notice"
import { State, type Tone } from "../../components/state"
import type { IconName } from "../../components/icons"
import { Table } from "../../components/table"
import { duration, money, percent, short, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { boundsOf, customRange, queryOf, range } from "../../shell/range"
import { href, param, setQuery } from "../../shell/router"
import type { Row } from "./data"
import { Resting } from "./resting"

type Class = "ok" | "limited" | "failed" | "caller"

const looks: Record<Class, { tone: Tone; icon: IconName }> = {
	ok: { tone: "ready", icon: "ready" }, limited: { tone: "resting", icon: "resting" }, failed: { tone: "failed", icon: "failed" }, caller: { tone: "muted", icon: "caller" },
}

/** How a channel did in the range, and what rests now. */
export function HealthTab({ row }: { row: Row }) {
	const health = useResource((stop) => ask("GET channels/{name}/health", { path: { name: row.name }, query: queryOf(boundsOf(range.value)), signal: stop }), [param("range"), row.name], 15_000)
	const error = health.error.value
	const h = health.data.value
	const times = useMemo(() => timesOf(h), [h])
	const bars = useMemo(() => barsOf(h, times), [h, times])
	const lines = useMemo(() => linesOf(h, times), [h, times])
	const step = (h?.step_ns ?? 60e9) / 1e6
	const select = (since: number, until: number) => setQuery({ range: customRange(since, until) })
	return (
		<>
			{error && <Failure error={error} retry={health.reload} />}
			{row.part && row.part.hour.attempts > 0 && (
				<section class="hourbox">
					<header class="head">
						<h2>{t("ch.lastHourAttempts")}</h2>
						<span class="sub">{t("ch.hourCounts", { n: whole(row.part.hour.attempts), ok: whole(row.part.hour.ok), limited: whole(row.part.hour.limited), failed: whole(row.part.hour.failed) })}</span>
					</header>
					<HourStrip hour={row.part.hour} wide />
				</section>
			)}
			<div class="two even">
				<Chart title={t("ch.callsServed")} times={times} step={step} group="channel" onSelect={select} format={short} series={bars} />
				<Chart title={t("overview.first")} times={times} step={step} group="channel" onSelect={select} format={(v) => duration(v)} series={lines} />
			</div>
			<div class="two even sec">
				<section>
					<header class="head">
						<h2>{t("ch.restsNow")}</h2>
					</header>
					<Resting row={row} />
				</section>
				<section>
					<header class="head">
						<h2>{t("ch.howEnded")}</h2>
						<a class="link small push" href={href("requests", { channel: row.name })}>{t("ch.itsRequests")}</a>
					</header>
					<Table
						label={t("ch.howEnded")}
						narrow
						density="m"
						rows={h?.ended ?? []}
						rowKey={(r) => r.outcome}
						empty={<Empty title={t("ch.noCalls")}>{t("ch.noCallsHelp")}</Empty>}
						columns={[
							{ id: "outcome", head: t("overview.outcome"), class: "w100 p1", cell: (r) => <a class="plain" href={href("requests", { channel: row.name, outcome: r.outcome })}><State {...looks[r.class as Class]}>{r.outcome === "ok" ? t("outcome.ok") : tCode("kind", r.outcome)}</State></a> },
							{ id: "calls", head: t("ch.calls"), num: true, class: "p2", cell: (r) => whole(r.calls) },
							{ id: "share", head: t("ch.share"), num: true, class: "p4", cell: (r) => percent(r.share) },
							{ id: "cost", head: t("overview.cost"), num: true, cell: (r) => money(r.cost_usd) },
						]}
					/>
				</section>
			</div>
		</>
	)
}

function timesOf(h: ChannelHealth | undefined): number[] {
	if (!h) return []
	const step = h.step_ns / 1e6
	const list: number[] = []
	for (let time = Math.floor(Date.parse(h.since) / step) * step; time < Date.parse(h.until); time += step) list.push(time)
	return list
}

const stepsOf = (h: ChannelHealth | undefined) => new Map((h?.series ?? []).map((s) => [Date.parse(s.start), s]))

function barsOf(h: ChannelHealth | undefined, times: readonly number[]) {
	const steps = stepsOf(h)
	const one = (id: Class | "passed_on", text: string, color: string) => ({ id, text, color, values: times.map((time) => steps.get(time)?.[id] ?? 0), kind: "bar" as const })
	return [
		one("ok", t("outcome.ok"), "--ready-line"), one("caller", t("outcome.caller"), "--muted-line"), one("limited", t("ch.limited"), "--resting-line"), one("failed", t("outcome.failed"), "--failed-line"),
		one("passed_on", t("ch.passedOn"), "--accent-line"),
	]
}

function linesOf(h: ChannelHealth | undefined, times: readonly number[]) {
	const steps = stepsOf(h)
	const line = (id: string, kind: "line" | "band" | "dotted", color: string, of: (s: HealthStep) => number | undefined) => ({
		id, text: id, kind, color, values: times.map((time) => {
			const s = steps.get(time)
			return (s && of(s)) || null
		}),
	})
	return [
		line("p50", "line", "--text", (s) => s.first_content_p50_ns),
		line("p95", "band", "--muted-line", (s) => s.first_content_p95_ns),
		line("p99", "dotted", "--muted-line", (s) => s.first_content_p99_ns),
	]
}
