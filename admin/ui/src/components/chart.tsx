import { useEffect, useRef, useState } from "preact/hooks"
import type uPlot from "uplot"
import { dayOf, dayTime, minuteTime, none } from "../i18n/format"
import { t } from "../i18n/text"
import { isDark } from "../shell/look"
import { bands, makeOptions } from "./chartoptions"

export interface Series {
	id: string
	text: string
	/** A colour of tokens.css, such as --ready-line. */
	color: string
	values: readonly (number | null)[]
	/** bar: stacked on those before it. line. dotted: for p99 and what is projected. band: a line, and a faint fill down to the series before it. */
	kind: "bar" | "line" | "dotted" | "band"
}

export interface ChartProps {
	title: string
	/** What one bar or point stands for begins at these moments: milliseconds. */
	times: readonly number[]
	step: number
	series: readonly Series[]
	/** A value in words, for the axis and the crosshair. */
	format: (value: number) => string
	height?: number
	/** A range was drawn over: milliseconds. */
	onSelect?: (since: number, until: number) => void
	/** Charts of the same name share their crosshair. */
	group?: string
}

/** A time as the axis has it: by the hour, or by day where bars are wide. */
const timeText = (ms: number, step: number): string => (step >= 86_400_000 ? dayOf(ms) : step >= 3_600_000 ? dayTime(ms) : minuteTime(ms))

/** A chart over time, with its legend, a crosshair shared with the others of the page, and its numbers as a table. */
export function Chart(p: ChartProps) {
	const box = useRef<HTMLDivElement>(null)
	const plot = useRef<uPlot | undefined>(undefined)
	const [at, setAt] = useState<number | undefined>(undefined)
	const [asTable, setAsTable] = useState(false)
	const latest = useRef(p)
	latest.current = p
	const shape = p.series.map((s) => s.id + s.kind).join() + p.step + isDark.value + asTable
	// Before there is an answer nothing is said of it.
	const empty = p.times.length > 0 && p.series.every((s) => s.values.every((v) => v === null || v === 0))

	useEffect(() => {
		const element = box.current
		if (!element) return undefined
		let gone = false
		let made: uPlot | undefined
		const resize = new ResizeObserver(() => made?.setSize({ width: element.clientWidth, height: element.clientHeight }))
		void import("uplot").then(({ default: Plot }) => {
			if (gone) return
			made = new Plot(makeOptions(Plot, element, () => latest.current, setAt), dataOf(latest.current), element)
			plot.current = made
			resize.observe(element)
		})
		return () => {
			gone = true
			resize.disconnect()
			made?.destroy()
			plot.current = undefined
		}
	}, [shape])
	useEffect(() => plot.current?.setData(dataOf(p)), [p.times, p.series])

	return (
		<section class="chartbox">
			<header class="head">
				<h2>{p.title}</h2>
				<span class="keys">
					{p.series.map((s) => (
						<span class="key" key={s.id}>
							<svg viewBox="0 0 10 10" aria-hidden="true" class={s.kind === "bar" ? undefined : "ln"}>
								{s.kind === "bar" ? <rect width="10" height="10" rx="2" style={{ fill: `var(${s.color})` }} /> : <path class="l" d="M0 5h10" style={{ stroke: `var(${s.color})`, strokeDasharray: s.kind === "dotted" ? "1.5 3" : undefined }} />}
							</svg>
							<span class="keytext" dir="auto">{s.text}</span>
							{at !== undefined && <b>{valueText(p, s, at)}</b>}
						</span>
					))}
				</span>
				<button type="button" class="link small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
					{at !== undefined ? timeText(p.times[at] ?? 0, p.step) : asTable ? t("chart.chart") : t("chart.table")}
				</button>
			</header>
			{asTable ? (
				<ChartTable {...p} />
			) : (
				<div class="plotbox" style={{ height: `${p.height ?? 148}px` }} role="img" aria-label={p.title}>
					<div ref={box} class="plotin" />
					{empty && <span class="plotempty">{t("chart.none")}</span>}
				</div>
			)}
		</section>
	)
}

const valueText = (p: ChartProps, s: Series, i: number): string => {
	const v = s.values[i]
	return v === null || v === undefined ? none : p.format(v)
}

function ChartTable(p: ChartProps) {
	return (
		<div class="charttable" tabIndex={0} role="region" aria-label={p.title}>
			<table class="d">
				<thead>
					<tr>
						<th>{t("chart.time")}</th>
						{p.series.map((s) => <th key={s.id} class="num">{s.text}</th>)}
					</tr>
				</thead>
				<tbody>
					{p.times.map((time, i) => (
						<tr key={time}>
							<td>{dayTime(time)}</td>
							{p.series.map((s) => <td key={s.id} class="num">{valueText(p, s, i)}</td>)}
						</tr>
					)).reverse()}
				</tbody>
			</table>
		</div>
	)
}

/** What uPlot draws: bars stacked, the uppermost first so that lower ones lie over it. */
function dataOf(p: ChartProps): uPlot.AlignedData {
	const sums = new Array<number>(p.times.length).fill(0)
	const rows = p.series.map((s) =>
		s.kind === "bar" ? s.values.map((v, i) => (sums[i] = (sums[i] ?? 0) + (v ?? 0))) : [...s.values],
	)
	const order = bands(p.series)
	return [p.times.map((x) => x / 1000), ...order.map((i) => rows[i] as (number | null)[])]
}
