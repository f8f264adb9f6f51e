import { computed } from "@preact/signals"
import { serverNow } from "../api/clock"
import { param, route } from "./router"

// The range that pages look at: range=1h, range=today, or since=…&until=….

export const shortRanges = ["15m", "1h", "6h", "24h", "7d", "30d"] as const
export const namedRanges = ["today", "yesterday", "week", "month"] as const
export type RangeName = (typeof shortRanges)[number] | (typeof namedRanges)[number] | "custom"

export interface Range {
	name: RangeName
	/** Only of a custom range: milliseconds. */
	since?: number
	until?: number
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const lengths: Record<(typeof shortRanges)[number], number> = {
	"15m": 15 * minute, "1h": hour, "6h": 6 * hour, "24h": day, "7d": 7 * day, "30d": 30 * day,
}

function parse(text: string): Range {
	if (([...shortRanges, ...namedRanges] as string[]).includes(text)) return { name: text as RangeName }
	const [a = "", b = ""] = text.split("~", 2)
	const since = Date.parse(a)
	const until = Date.parse(b)
	if (since < until) return { name: "custom", since, until }
	return { name: usualRange() }
}

/** The range where the address names none: of costs an hour says nothing. */
export const usualRange = (): RangeName => (route.value.page === "costs" ? "30d" : "1h")

/** The range of the address, or the usual one. */
export const range = computed(() => parse(param("range")))

/** A custom range as the address has it. */
export const customRange = (since: number, until: number): string => `${iso(since)}~${iso(until)}`

const iso = (t: number): string => new Date(t).toISOString().slice(0, 16) + "Z"

export interface Bounds {
	/** Milliseconds; the first moment that counts, and the first that does not any more. */
	since: number
	until: number
	/** How wide a bar is, in milliseconds. */
	step: number
	/** It ends now, and moves. */
	moving: boolean
}

function midnight(t: number, days = 0): number {
	const d = new Date(t)
	return new Date(d.getFullYear(), d.getMonth(), d.getDate() + days).getTime()
}

/** From when to when a range is, in the viewer's zone. */
export function boundsOf(r: Range, now = serverNow()): Bounds {
	let since: number
	let until = now
	let moving = true
	const today = new Date(now)
	switch (r.name) {
		case "today":
			since = midnight(now)
			break
		case "yesterday":
			since = midnight(now, -1)
			until = midnight(now)
			moving = false
			break
		case "week":
			since = midnight(now, -((today.getDay() + 6) % 7))
			break
		case "month":
			since = new Date(today.getFullYear(), today.getMonth(), 1).getTime()
			break
		case "custom":
			since = r.since ?? now - hour
			until = r.until ?? now
			moving = false
			break
		default:
			since = now - lengths[r.name]
	}
	const step = stepOf(until - since)
	return { since: Math.floor(since / step) * step, until, step, moving }
}

const steps = [minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, hour, 3 * hour, 6 * hour, day]

/** The narrowest step that makes at most 120 bars. */
export function stepOf(length: number): number {
	return steps.find((s) => length / s <= 120) ?? day
}

/** What the API takes: since, until and step. */
export function queryOf(b: Bounds): { since: string; until: string; step: string } {
	return { since: new Date(b.since).toISOString(), until: new Date(b.until).toISOString(), step: `${b.step / minute}m` }
}
