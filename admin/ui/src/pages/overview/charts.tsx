import { useMemo } from "preact/hooks"
import type { Overview } from "../../api/types"
import { Chart, type Series } from "../../components/chart"
import { duration, short } from "../../i18n/format"
import { lang, t } from "../../i18n/text"
import { customRange } from "../../shell/range"
import { setQuery } from "../../shell/router"
import { stepText } from "../../shell/steps"
import { stepsOf } from "./steps"

export function Charts({ data }: { data: Overview | undefined }) {
	const drawn = useMemo(() => (data ? seriesOf(data) : undefined), [data, lang.value])
	const step = (data?.step_ns ?? 6e10) / 1e6
	const select = (since: number, until: number) => setQuery({ range: customRange(Math.floor(since / step) * step, Math.ceil(until / step) * step) })
	return (
		<div class="sec two">
			<Chart title={t("overview.perStep", { step: stepText(step) })} times={drawn?.times ?? []} step={step} series={drawn?.outcomes ?? []} format={short} onSelect={select} />
			<Chart title={t("overview.first")} times={drawn?.times ?? []} step={step} series={drawn?.first ?? []} format={(ns) => duration(ns)} onSelect={select} />
		</div>
	)
}

function seriesOf(data: Overview): { times: number[]; outcomes: Series[]; first: Series[] } {
	const steps = stepsOf(data)
	const first = (id: "first_content_p50_ns" | "first_content_p95_ns" | "first_content_p99_ns") => steps.map((s) => s[id] ?? null)
	return {
		times: steps.map((s) => s.time),
		outcomes: [
			{ id: "ok", text: t("outcome.ok"), color: "--ready-line", kind: "bar", values: steps.map((s) => s.ok) },
			{ id: "failed_over", text: t("outcome.detour"), color: "--accent-line", kind: "bar", values: steps.map((s) => s.failed_over) },
			{ id: "caller", text: t("outcome.caller"), color: "--muted-line", kind: "bar", values: steps.map((s) => s.caller) },
			{ id: "failed", text: t("outcome.failed"), color: "--failed-line", kind: "bar", values: steps.map((s) => s.failed) },
		],
		first: [
			{ id: "p50", text: "p50", color: "--text", kind: "line", values: first("first_content_p50_ns") },
			{ id: "p95", text: "p95", color: "--muted-line", kind: "band", values: first("first_content_p95_ns") },
			{ id: "p99", text: "p99", color: "--muted-line", kind: "dotted", values: first("first_content_p99_ns") },
		],
	}
}
