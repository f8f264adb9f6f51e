import { useMemo } from "preact/hooks"
import type { Resource } from "../../api/resource"
import type { CallClasses, CallVolume } from "../../api/types"
import { Chart, type Series } from "../../components/chart"
import { listOf, short } from "../../i18n/format"
import { lang, t } from "../../i18n/text"
import { stepText, stepTimes } from "../../shell/steps"
import { customRange } from "../../shell/range"
import { setQuery } from "../../shell/router"
import { barsIgnore } from "./filters"

const looks: readonly [keyof Omit<CallClasses, "start">, Parameters<typeof t>[0], string][] = [
	["ok", "outcome.ok", "--ready-line"],
	["failed_over", "outcome.detour", "--accent-line"],
	["caller", "outcome.caller", "--muted-line"],
	["failed", "outcome.failed", "--failed-line"],
]

/** Calls per step; drawing over them narrows the range. */
export function Bars({ of }: { of: Resource<CallVolume> }) {
	const data = of.data.value
	const drawn = useMemo(() => (data ? seriesOf(data) : { times: [], series: [] }), [data, lang.value])
	const step = (data?.step_ns ?? 6e10) / 1e6
	const ignored = barsIgnore()
	return (
		<div class="bars">
			<Chart
				title={t("requests.perStep", { step: stepText(step) })}
				height={84}
				times={drawn.times}
				step={step}
				series={drawn.series}
				format={short}
				onSelect={(since, until) => setQuery({ range: customRange(Math.floor(since / step) * step, Math.ceil(until / step) * step), before: null })}
			/>
			{ignored.length > 0 && <p class="small t3">{t("requests.barsIgnore", { filters: listOf(ignored.map((name) => t(`requests.filter.${name}`))) })}</p>}
		</div>
	)
}

function seriesOf(data: CallVolume): { times: number[]; series: Series[] } {
	const known = new Map((data.series ?? []).map((s) => [Date.parse(s.start ?? data.since), s]))
	const times = stepTimes(data, [...known.keys()])
	return {
		times,
		series: looks.map(([id, text, color]) => ({ id, text: t(text), color, kind: "bar", values: times.map((time) => known.get(time)?.[id] ?? 0) })),
	}
}
