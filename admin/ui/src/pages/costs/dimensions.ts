import { isOperator } from "../../api/session"
import { dayOf } from "../../i18n/format"
import { t, tCode, type Key } from "../../i18n/text"
import { boundsOf, queryOf, range } from "../../shell/range"
import { href, param } from "../../shell/router"

/** What costs can be told apart by. */
export type Dimension = "day" | "channel" | "model" | "token" | "protocol" | "outcome" | "key"

export const dimensions = (): Dimension[] => (isOperator() ? ["channel", "model", "token", "protocol", "day", "outcome", "key"] : ["model", "protocol", "day", "outcome"])

const oneOf = (name: string, usual: Dimension): Dimension => (dimensions().includes(name as Dimension) ? (name as Dimension) : usual)

export const rowsOf = (): Dimension => oneOf(param("rows"), isOperator() ? "channel" : "model")

/** Never the same as the rows. */
export function columnsOf(): Dimension {
	const rows = rowsOf()
	const usual = isOperator() ? "model" : "day"
	const chosen = oneOf(param("columns"), usual)
	return chosen === rows ? (dimensions().find((d) => d !== rows) as Dimension) : chosen
}

/** What the bars show: the rows are in the table already. */
export const barsOf = (): Dimension => oneOf(param("by"), isOperator() ? "token" : "model")

export const shows = ["cost", "list_cost", "calls", "tokens"] as const
export type Show = (typeof shows)[number]
export const showOf = (): Show => (shows as readonly string[]).includes(param("show")) ? (param("show") as Show) : "cost"

export const nameOf = (d: Dimension): string => t(`costs.dimension.${d}` as Key)

/** The same at the beginning of a line. */
export const headOf = (d: Dimension): string => nameOf(d).replace(/^[a-z]/, (c) => c.toUpperCase())

/** A value as people read it. */
export function valueText(d: Dimension, value: string): string {
	if (value === "") return t(d === "channel" || d === "key" ? "costs.noChannel" : "costs.noName")
	if (d === "day") return dayOf(`${value}T12:00:00`)
	if (d === "outcome") return value === "ok" ? t("outcome.ok") : tCode("kind", value)
	return value
}

const linked: Partial<Record<Dimension, string>> = { channel: "channel", model: "model", token: "token", protocol: "protocol", outcome: "outcome" }

/** The address of the requests behind a number; undefined where the list cannot be narrowed like that. */
export function requestsOf(...parts: readonly (readonly [Dimension, string])[]): string | undefined {
	const query: Record<string, string> = { range: rangeParam() }
	for (const [d, value] of parts) {
		const name = linked[d]
		if (!name || value === "" || value === "ok" && d === "outcome") return undefined
		query[name] = value
	}
	return href("requests", query)
}

/** The range as the address of another page needs it. */
const rangeParam = (): string => param("range") || range.value.name

/** From when to when, as the API takes it. */
export function spanQuery(): { since: string; until: string } {
	const { since, until } = queryOf(boundsOf(range.value))
	return { since, until }
}
