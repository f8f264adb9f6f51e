import { useMemo } from "preact/hooks"
import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import type { Costs } from "../../api/types"
import { Chart, type Series } from "../../components/chart"
import { Empty, Loaded } from "../../components/notice"
import { State } from "../../components/state"
import { isOperator } from "../../api/session"
import { listOf, money, moneyFull, whole } from "../../i18n/format"
import { lang, t } from "../../i18n/text"
import { Bar, Main } from "../../shell/main"
import { boundsOf, customRange, range } from "../../shell/range"
import { RangePicker, rangeText } from "../../shell/rangepicker"
import { href, hrefWith, param, setQuery } from "../../shell/router"
import { stepText, stepTimes } from "../../shell/steps"
import { Budgets } from "./budgets"
import { columnsOf, rowsOf, spanQuery, valueText, type Dimension } from "./dimensions"
import { Matrix } from "./matrix"
import { Top } from "./top"

const refresh = 30_000
const hour = 3_600_000
const day = 24 * hour
export const mostColumns = 6

/** Bars are days; of less than three days, hours; of less than three hours, what the range has. */
function barStep(): number {
	const b = boundsOf(range.value)
	const length = b.until - b.since
	return length > 3 * day - hour ? day : length > 3 * hour ? hour : b.step
}

export default function CostsPage() {
	const rows = rowsOf()
	const columns = columnsOf()
	const table = useResource(
		(stop) => ask("GET costs", { query: { ...spanQuery(), rows, columns, most_columns: mostColumns, step: `${barStep() / 60_000}m` }, signal: stop }),
		[param("range"), rows, columns],
		refresh,
	)
	return (
		<Main class="costs">
			<Bar end>
				<RangePicker />
			</Bar>
			<Loaded of={table}>
				{(data) =>
					data.total.calls === 0 ? (
						<>
							<h2 class="sr">{t("nav.costs")}</h2>
							<Empty title={t("costs.none", { range: rangeText() })} action={range.value.name !== "30d" && <a class="btn" href={hrefWith({ range: "30d" })}>{t("range.last.30d")}</a>}>
								{t("costs.noneHelp")}
							</Empty>
						</>
					) : (
						<>
							<Spent data={data} stacked={data.rows === "day" ? ((data.columns ?? "model") as Dimension) : (data.rows as Dimension)} />
							<Matrix data={data} />
							<Unpriced data={data} />
						</>
					)
				}
			</Loaded>
			{/* Not seen before what stands above it has its height. */}
			<div class={"sec two even" + (table.data.value || table.error.value ? "" : " gone")}>
				<Budgets />
				<Top />
			</div>
		</Main>
	)
}

/** What was spent, and bars of when. */
function Spent({ data, stacked }: { data: Costs; stacked: Dimension }) {
	const step = (data.step_ns ?? 8.64e13) / 1e6
	const drawn = useMemo(() => seriesOf(data, stacked), [data, stacked, lang.value])
	return (
		<section class="sec">
			<header>
				<h2 title={`${moneyFull(data.total.cost_usd)}, ${t("costs.atList")} ${moneyFull(data.total.list_cost_usd)}`}>
					{money(data.total.cost_usd)} <span class="t3 reg">{t("costs.billedIn", { range: rangeText(), list: money(data.total.list_cost_usd), n: data.total.calls, calls: whole(data.total.calls) })}</span>
				</h2>
			</header>
			<Chart
				title={t("costs.perStep", { step: stepText(step) })}
				height={184}
				times={drawn.times}
				step={step}
				series={drawn.series}
				format={money}
				onSelect={(since, until) => setQuery({ range: customRange(Math.floor(since / hour) * hour, Math.ceil(until / hour) * hour) })}
			/>
		</section>
	)
}

function seriesOf(data: Costs, stacked: Dimension): { times: number[]; series: Series[] } {
	const known = new Map((data.series ?? []).map((s) => [Date.parse(s.start), s]))
	const times = stepTimes(data, [...known.keys()])
	const series: Series[] = (data.stacks ?? []).map((name, i) => ({
		id: "v" + name, text: valueText(stacked, name), color: `--c${i + 1}`, kind: "bar", values: times.map((time) => known.get(time)?.costs_usd?.[i] ?? 0),
	}))
	if ([...known.values()].some((s) => s.rest_usd > 0)) {
		series.push({ id: "rest", text: t("costs.theRest"), color: "--c0", kind: "bar", values: times.map((time) => known.get(time)?.rest_usd ?? 0) })
	}
	return { times, series }
}

function Unpriced({ data }: { data: Costs }) {
	const list = data.unpriced ?? []
	if (list.length === 0) return null
	const calls = data.total.unpriced
	const names = list.slice(0, 5).map((m) => m.model || t("costs.noName"))
	return (
		<p class="small t2 foot2 unpriced">
			<State tone="resting" icon="resting">{t("costs.unpriced", { n: calls, calls: whole(calls) })}</State>{" "}
			<span dir="auto">{t("costs.unpricedOf", { models: listOf(list.length > 5 ? [...names, `+${list.length - 5}`] : names) })}</span>
			{isOperator() && (
				<>
					{" "}
					<a class="link" href={href("settings", { tab: "prices" })}>{t("costs.setPrice")}</a>
				</>
			)}
		</p>
	)
}
