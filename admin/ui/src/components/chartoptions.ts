import type uPlot from "uplot"
import { dayOf, minuteTime } from "../i18n/format"
import type { ChartProps, Series } from "./chart"

/** The order in which series are drawn: bars from the uppermost down, then lines. */
export const bands = (series: readonly Series[]): number[] => [
	...series.flatMap((s, i) => (s.kind === "bar" ? [i] : [])).reverse(),
	...series.flatMap((s, i) => (s.kind === "bar" ? [] : [i])),
]

/** A colour of tokens.css as the canvas takes it: light-dark() is resolved by the element it stands on. */
function colorOf(element: HTMLElement, name: string): string {
	const probe = document.createElement("i")
	probe.style.color = `var(${name})`
	element.append(probe)
	const color = getComputedStyle(probe).color
	probe.remove()
	return color
}

/** What uPlot is told of a chart. now returns its props as they are at that moment. */
export function makeOptions(Plot: typeof uPlot, element: HTMLElement, now: () => ChartProps, setAt: (i: number | undefined) => void): uPlot.Options {
	const p = now()
	const color = (name: string) => colorOf(element, name)
	const quiet = color("--text-3")
	const grid = color("--grid")
	const font = `11px ${getComputedStyle(element).fontFamily}`
	const order = bands(p.series)
	const half = p.step / 2000
	const hasBars = p.series.some((s) => s.kind === "bar")
	return {
		width: element.clientWidth,
		height: element.clientHeight,
		padding: [8, 2, 0, 0],
		legend: { show: false },
		cursor: {
			sync: { key: p.group ?? "page" },
			points: { show: false },
			y: false,
			drag: { x: Boolean(p.onSelect), y: false, setScale: false },
		},
		scales: {
			x: { time: true, range: (_, min, max) => [min - (hasBars ? half : 0), max + (hasBars ? half : 0)] },
			y: { range: (_, __, max) => [0, Math.max(max * 1.08, nothing)] },
		},
		axes: [
			{
				stroke: quiet, font, size: 20, gap: 4, space: 72,
				grid: { show: false }, ticks: { show: false },
				// What would be cut at the edge is left out.
				values: (u, splits) => splits.map((s) => (u.valToPos(s, "x") > u.over.clientWidth - halfLabel ? "" : tickText(s * 1000, p.step))),
			},
			{
				stroke: quiet, font, size: axisWidth, gap: 8, space: 28,
				grid: { stroke: grid, width: 1 }, ticks: { show: false },
				values: (u, splits) => evenly(splits.map((s) => (s === 0 ? "0" : (u.scales.y?.max ?? 0) <= nothing ? "" : now().format(s)))),
			},
		],
		series: [
			{},
			...order.map((i): uPlot.Series => {
				const s = p.series[i] as Series
				const line = color(s.color)
				if (s.kind === "bar") {
					return { fill: line, stroke: line, width: 0, points: { show: false }, paths: (Plot.paths.bars as (o: object) => uPlot.Series.PathBuilder)({ size: [0.8, 28], align: 0 }) }
				}
				return { stroke: line, width: 1.5, dash: s.kind === "dotted" ? [1.5, 3] : undefined, spanGaps: false, points: { show: true, size: 4, width: 0, fill: line, filter: lonely } }
			}),
		],
		bands: p.series.flatMap((s, i) => (s.kind === "band" && i > 0 ? [{ series: [order.indexOf(i) + 1, order.indexOf(i - 1) + 1] as [number, number], fill: faint(line(p, i, color)) }] : [])),
		hooks: {
			setCursor: [(u) => setAt(u.cursor.idx ?? undefined)],
			setSelect: [
				(u) => {
					if (u.select.width < 4) return
					const since = u.posToVal(u.select.left, "x") * 1000
					const until = u.posToVal(u.select.left + u.select.width, "x") * 1000
					u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
					now().onSelect?.(since, until)
				},
			],
		},
	}
}

const halfLabel = 18

/** A time below the bars: the hour, and the day where it begins. */
const tickText = (ms: number, step: number): string => {
	const at = new Date(ms)
	return step >= 86_400_000 || (at.getHours() === 0 && at.getMinutes() === 0) ? dayOf(ms) : minuteTime(ms)
}

const lastZero = /\.?0(?=\D*$)/

/** Without the zeros that all marks end with: $2, $4 for $2.00, $4.00. */
function evenly(marks: string[]): string[] {
	let short = marks
	while (short.every((m) => m === "0" || m === "" || /\.\d*0\D*$/.test(m)) && short.some((m) => m.includes("."))) short = short.map((m) => (m.includes(".") ? m.replace(lastZero, "") : m))
	return short
}
/** The height of an axis where every value is 0. */
const nothing = 1e-9
const narrowest = 44
const perLetter = 6.5

/** Wide enough for its longest value. */
const axisWidth = (_: uPlot, values: string[] | null): number => Math.max(narrowest, 12 + perLetter * Math.max(0, ...(values ?? []).map((v) => (v ?? "").length)))

/** Points that no line leads to or from. */
const lonely: uPlot.Series.Points.Filter = (u, seriesIdx, show) => {
	const values = Array.from(u.data[seriesIdx] ?? [])
	return show === false ? null : values.flatMap((v, i) => (v != null && values[i - 1] == null && values[i + 1] == null ? [i] : []))
}

const line = (p: ChartProps, i: number, color: (name: string) => string): string => color((p.series[i] as Series).color)

/** The same colour at 12 %. */
const faint = (color: string): string => (color.startsWith("oklch(") && !color.includes("/") ? color.replace(")", " / 0.12)") : color.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)"))
