import { useMemo } from "preact/hooks"
import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import type { Statistics, StatisticsRow } from "../../api/types"
import { Chart } from "../../components/chart"
import { HourStrip } from "../../components/hourstrip"
import { Empty, Failure } from "../../components/notice"
import { outcomeClass, State, type Tone } from "../../components/state"
import type { IconName } from "../../components/icons"
import { Table } from "../../components/table"
import { duration, money, percent, short, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { boundsOf, customRange, queryOf, range } from "../../shell/range"
import { href, param, setQuery } from "../../shell/router"
import type { Row } from "./data"
import { Resting } from "./resting"

const limits = ["rate_limited", "quota_exhausted", "overloaded"]

type Class = "ok" | "limited" | "failed" | "caller"

const classOf = (outcome: string): Class => {
	if (limits.includes(outcome)) return "limited"
	const c = outcomeClass(outcome, 1)
	return c === "detour" ? "ok" : c
}

const looks: Record<Class, { tone: Tone; icon: IconName }> = {
	ok: { tone: "ready", icon: "ready" }, limited: { tone: "resting", icon: "resting" }, failed: { tone: "failed", icon: "failed" }, caller: { tone: "muted", icon: "caller" },
}

/** How a channel did in the range, and what rests now. */
export function HealthTab({ row }: { row: Row }) {
	const outcomes = useResource((stop) => ask("GET statistics", { query: { ...queryOf(boundsOf(range.value)), by: "outcome", channel: row.name }, signal: stop }), [param("range"), row.name], 15_000)
	const quantiles = useResource((stop) => ask("GET statistics", { query: { ...queryOf(boundsOf(range.value)), quantiles: true, channel: row.name }, signal: stop }), [param("range"), row.name], 15_000)
	const error = outcomes.error.value ?? quantiles.error.value
	const o = outcomes.data.value
	const q = quantiles.data.value
	const times = useMemo(() => timesOf(o), [o])
	const bars = useMemo(() => barsOf(o, times), [o, times])
	const lines = useMemo(() => linesOf(q, times), [q, times])
	const ended = useMemo(() => endedOf(o), [o])
	const step = (o?.step_ns ?? 60e9) / 1e6
	const calls = ended.reduce((sum, r) => sum + r.calls, 0)
	const select = (since: number, until: number) => setQuery({ range: customRange(since, until) })
	return (
		<>
			{error && <Failure error={error} retry={() => Promise.all([outcomes.reload(), quantiles.reload()])} />}
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
						rows={ended}
						rowKey={(r) => r.outcome}
						empty={<Empty title={t("ch.noCalls")}>{t("ch.noCallsHelp")}</Empty>}
						columns={[
							{ id: "outcome", head: t("overview.outcome"), class: "w100 p1", cell: (r) => <a class="plain" href={href("requests", { channel: row.name, outcome: r.outcome })}><State {...looks[classOf(r.outcome)]}>{r.outcome === "ok" ? t("outcome.ok") : tCode("kind", r.outcome)}</State></a> },
							{ id: "calls", head: t("ch.calls"), num: true, class: "p2", cell: (r) => whole(r.calls) },
							{ id: "share", head: t("ch.share"), num: true, class: "p4", cell: (r) => percent(r.calls / calls) },
							{ id: "cost", head: t("overview.cost"), num: true, cell: (r) => money(r.cost) },
						]}
					/>
				</section>
			</div>
		</>
	)
}

function timesOf(s: Statistics | undefined): number[] {
	if (!s?.step_ns) return []
	const step = s.step_ns / 1e6
	const list: number[] = []
	for (let time = Math.floor(Date.parse(s.since) / step) * step; time < Date.parse(s.until); time += step) list.push(time)
	return list
}

function barsOf(s: Statistics | undefined, times: readonly number[]) {
	const at = new Map(times.map((time, i) => [time, i]))
	const sums: Record<Class, number[]> = { ok: times.map(() => 0), limited: times.map(() => 0), caller: times.map(() => 0), failed: times.map(() => 0) }
	for (const r of s?.rows ?? []) {
		const i = at.get(Date.parse(r.start ?? ""))
		if (i !== undefined) (sums[classOf(r.values?.outcome ?? "")][i] as number) += r.calls
	}
	const one = (id: Class, color: string) => ({ id, text: t(id === "limited" ? "ch.limited" : `outcome.${id}`), color, values: sums[id], kind: "bar" as const })
	return [one("ok", "--ready-line"), one("caller", "--muted-line"), one("limited", "--resting-line"), one("failed", "--failed-line")]
}

function linesOf(s: Statistics | undefined, times: readonly number[]) {
	const rows = new Map((s?.rows ?? []).map((r) => [Date.parse(r.start ?? ""), r]))
	const line = (id: string, kind: "line" | "band" | "dotted", color: string, of: (r: StatisticsRow) => number | undefined) => ({
		id, text: id, kind, color, values: times.map((time) => {
			const r = rows.get(time)
			return (r && of(r)) || null
		}),
	})
	return [
		line("p50", "line", "--text", (r) => r.first_content_p50_ns),
		line("p95", "band", "--muted-line", (r) => r.first_content_p95_ns),
		line("p99", "dotted", "--muted-line", (r) => r.first_content_p99_ns),
	]
}

interface EndedRow {
	outcome: string
	calls: number
	cost: number
}

function endedOf(s: Statistics | undefined): EndedRow[] {
	const sums = new Map<string, EndedRow>()
	for (const r of s?.rows ?? []) {
		const outcome = r.values?.outcome ?? ""
		const sum = sums.get(outcome) ?? { outcome, calls: 0, cost: 0 }
		sum.calls += r.calls
		sum.cost += r.cost_usd
		sums.set(outcome, sum)
	}
	return [...sums.values()].sort((a, b) => b.calls - a.calls)
}
