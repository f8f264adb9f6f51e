import { computed } from "@preact/signals"
import { lang, t } from "./text"

// Numbers as people read them. The whole value belongs into the title of what
// shows them.

const formats = computed(() => {
	const l = lang.value
	const number = (o: Intl.NumberFormatOptions) => new Intl.NumberFormat(l, o)
	const time = (o: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(l, { hourCycle: "h23", ...o })
	return {
		whole: number({ maximumFractionDigits: 0 }),
		full: number({ maximumFractionDigits: 9 }),
		fixed: [0, 1, 2, 3].map((d) => number({ minimumFractionDigits: d, maximumFractionDigits: d })),
		clock: time({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
		minute: time({ hour: "2-digit", minute: "2-digit" }),
		day: time({ month: "short", day: "numeric" }),
		dayMinute: time({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" }),
		exact: time({ year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" }),
		relative: new Intl.RelativeTimeFormat(l, { numeric: "auto" }),
		list: new Intl.ListFormat(l, { type: "conjunction" }),
	}
})

const fixed = (n: number, digits: number): string => (formats.value.fixed[digits] as Intl.NumberFormat).format(n)

/** No data: never a 0. */
export const none = "–"

/** 1,204 */
export const whole = (n: number): string => formats.value.whole.format(n)

/** The whole value, for titles and for copying. */
export const full = (n: number): string => formats.value.full.format(n)

/** 999, 1.2k, 19.6k, 1.30M */
export function short(n: number): string {
	const a = Math.abs(n)
	if (a < 1000) return Number.isInteger(n) ? whole(n) : fixed(n, a < 10 ? 2 : 1)
	for (const [unit, size] of [["k", 1e3], ["M", 1e6], ["G", 1e9]] as const) {
		const v = n / size
		if (Math.abs(v) < 999.5 || unit === "G") return fixed(v, Math.abs(v) < 99.95 ? 1 : 0) + unit
	}
	return whole(n)
}

/** 0.38 s, 4.21 s, 12.4 s, 3 ms, 2:05 min: nanoseconds. */
export function duration(ns: number | undefined): string {
	if (ns === undefined || Number.isNaN(ns)) return none
	const s = ns / 1e9
	if (s === 0) return "0 ms"
	if (s < 0.0995) return fixed(s * 1000, s < 0.00995 ? 1 : 0) + " ms"
	if (s < 9.995) return fixed(s, 2) + " s"
	if (s < 99.95) return fixed(s, 1) + " s"
	return countdown(s * 1000)
}

/** Round durations as the marks of an axis: all in the unit of the longest. */
export const axisDuration = (ns: number, longest: number): string => (ns === 0 ? "0" : longest < 1e9 ? full(ns / 1e6) + " ms" : full(ns / 1e9) + " s")

/** 0.71 / 4.21 s: two durations that share a unit where they can. */
export function durations(first: number | undefined, whole: number): string {
	if (!first) return duration(whole)
	const [a, b] = [duration(first), duration(whole)]
	const unit = b.slice(b.indexOf(" "))
	return (a.endsWith(unit) ? a.slice(0, -unit.length) : a) + " / " + b
}

/** 0:47, 4:10, 1:02:05: milliseconds. */
export function countdown(ms: number): string {
	const s = Math.max(0, Math.ceil(ms / 1000))
	const two = (n: number) => String(n).padStart(2, "0")
	if (s >= 172_800) return t("time.days", { n: Math.floor(s / 86_400) })
	return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`
}

/** $4.21, $0.0081, $0.000003: never rounded to 0. null: nobody knows the price. */
export function money(usd: number | null | undefined): string {
	if (usd === null || usd === undefined) return none
	const a = Math.abs(usd)
	const sign = usd < 0 ? "−" : ""
	if (a === 0) return "$0"
	if (a >= 10_000) return sign + "$" + short(a)
	if (a >= 1) return sign + "$" + fixed(a, 2)
	const digits = Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(a))))
	const text = a.toFixed(a >= 0.01 ? Math.max(digits, a < 0.1 ? 4 : 2) : digits)
	return sign + "$" + text
}

/** A limit: they are mostly round, $5, $0.50. */
export const limitText = (usd: number): string => (usd >= 10_000 || Number(usd.toFixed(2)) !== usd ? money(usd) : "$" + (Number.isInteger(usd) ? whole(usd) : usd.toFixed(2)))

/** Every digit of an amount, for titles. */
export const moneyFull = (usd: number): string => "$" + new Intl.NumberFormat("en", { maximumFractionDigits: 9, useGrouping: false }).format(usd)

/** 99.2%, 100%, 0%, <0.1%: of a share between 0 and 1. A share that is not whole is never shown as if it were. */
export function percent(share: number | undefined): string {
	if (share === undefined || Number.isNaN(share)) return none
	if (share === 0 || share === 1) return whole(share * 100) + "%"
	if (share > 1) return whole(share * 100) + "%"
	if (share > 0.999) return "99.9%"
	if (share < 0.001) return "<0.1%"
	return fixed(share * 100, 1) + "%"
}

/** 107/s */
export const rate = (perSecond: number): string => short(perSecond < 10 ? perSecond : Math.round(perSecond)) + "/s"

/** 71.2 kB */
export function bytes(n: number): string {
	for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
		if (n >= size) return fixed(n / size, 1) + " " + unit
	}
	return whole(n) + " B"
}

type Moment = string | number

const at = (m: Moment): number => (typeof m === "number" ? m : Date.parse(m))

/** 12:04:31 */
export const clockTime = (m: Moment): string => formats.value.clock.format(at(m))
/** 12:04 */
export const minuteTime = (m: Moment): string => formats.value.minute.format(at(m))
/** 2 Sep */
export const dayOf = (m: Moment): string => formats.value.day.format(at(m))
/** 2 Sep, 12:04 */
export const dayTime = (m: Moment): string => formats.value.dayMinute.format(at(m))
/** The exact moment in the viewer's zone, for titles. */
export const exact = (m: Moment): string => formats.value.exact.format(at(m))

/** Chinese text keeps its distance from what is not Chinese, here as in the texts. */
const spaced = (text: string): string => text.replace(/([\w%)])(?=[\u4e00-\u9fff])|([\u4e00-\u9fff])(?=[\w(])/g, "$& ")

/** 3 days ago, in 5 minutes. */
export function relative(m: Moment, now: number): string {
	const s = (at(m) - now) / 1000
	for (const [unit, size] of [["year", 31_557_600], ["month", 2_629_800], ["day", 86_400], ["hour", 3600], ["minute", 60]] as const) {
		if (Math.abs(s) >= size) return spaced(formats.value.relative.format(Math.trunc(s / size), unit))
	}
	return spaced(formats.value.relative.format(Math.trunc(s), "second"))
}

/** a, b and c */
export const listOf = (items: readonly string[]): string => spaced(formats.value.list.format(items))

/** req_01kb…9f3e */
export const shortId = (id: string, head = 8, tail = 4): string => (id.length <= head + tail + 1 ? id : `${id.slice(0, head)}…${id.slice(-tail)}`)
