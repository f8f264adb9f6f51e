import type { ChannelConfig, ConfigBodyField } from "../../api/types"
import { t } from "../../i18n/text"

// The settings of a channel as texts in a form. Only what was changed is sent,
// so that two who change different things do not undo each other's work.

export type Patch = Record<string, unknown>

/** A text that cannot be sent: which field, and what would be right. */
export class FieldError extends Error {
	constructor(readonly field: FieldId, message: string) {
		super(message)
	}
}

export interface Field {
	/** The setting as the API names it, for errors and docs. */
	name: string
	get: (c: ChannelConfig) => string
	/** What is sent for a text; null takes a setting away. was: the settings before. */
	patch: (text: string, was?: ChannelConfig) => Patch
}

const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean)
const lines = (text: string): string[] => text.split("\n").map((x) => x.trim()).filter(Boolean)
const orNull = <T>(list: readonly T[]): readonly T[] | null => (list.length > 0 ? list : null)

type Names<T> = { [K in keyof ChannelConfig]-?: NonNullable<ChannelConfig[K]> extends T ? K : never }[keyof ChannelConfig]

const text = (name: Names<string>): Field => ({ name, get: (c) => c[name] ?? "", patch: (v) => ({ [name]: v.trim() || null }) })
const flag = (name: Names<boolean>): Field => ({ name, get: (c) => (c[name] ? "1" : ""), patch: (v) => ({ [name]: v ? true : null }) })
const number = (name: Names<number>): Field => ({ name, get: (c) => (c[name] === undefined || c[name] === null ? "" : String(c[name])), patch: (v) => ({ [name]: numberOf(name as FieldId, v) }) })
const wordList = (name: "protocols" | "models"): Field => ({ name, get: (c) => (c[name] ?? []).join(name === "models" ? "\n" : " "), patch: (v) => ({ [name]: orNull(words(v)) }) })

function numberOf(field: FieldId, v: string): number | null {
	if (v.trim() === "") return null
	const n = Number(v.trim())
	if (Number.isNaN(n)) throw new FieldError(field, t("ch.notNumber"))
	return n
}

const budget = (part: "day" | "month" | "total"): Field => ({
	name: "budget",
	get: (c) => String(c.budget?.[part] || (part === "day" ? c.daily_budget : 0) || ""),
	patch: (v) => ({ budget: { [part]: numberOf(part, v) }, ...(part === "day" ? { daily_budget: null } : {}) }),
})

/** What takes a map from one state to another by a merge patch. */
function mapPatch<T>(was: Record<string, T> | null | undefined, is: Record<string, T>): Record<string, T | null> {
	const patch: Record<string, T | null> = { ...is }
	for (const name of Object.keys(was ?? {})) if (!(name in is)) patch[name] = null
	return patch
}

/** 5m, 1h30m: of nanoseconds, as they are written. */
export function durationText(ns: number | string | undefined): string {
	if (ns === undefined || typeof ns === "string") return ns ?? ""
	let rest = Math.round(ns / 1e9)
	let written = ""
	for (const [unit, size] of [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const) {
		if (rest >= size) written += Math.floor(rest / size) + unit
		rest %= size
	}
	return written
}

export const fields = {
	name: { name: "name", get: (c) => c.name, patch: (v) => ({ name: v.trim() }) },
	provider: text("provider"),
	urls: {
		name: "urls",
		get: (c) => (c.urls ?? []).map((u) => [u.url, ...(u.protocols ?? [])].join(" ")).join("\n"),
		patch: (v) => ({
			urls: orNull(lines(v).map((line) => {
				const [url = "", ...protocols] = words(line)
				return protocols.length > 0 ? { url, protocols } : { url }
			})),
		}),
	},
	models: wordList("models"),
	model_names: {
		name: "model_names",
		get: (c) => Object.entries(c.model_names ?? {}).map(([a, b]) => `${a} = ${b}`).join("\n"),
		patch: (v, was) => {
			const is: Record<string, string> = {}
			for (const line of lines(v)) {
				const [a = "", b = ""] = line.split(/\s*(?:=>|=|→)\s*/, 2)
				if (!a || !b) throw new FieldError("model_names", t("ch.notPair", { line }))
				is[a] = b
			}
			return { model_names: mapPatch(was?.model_names, is) }
		},
	},
	priority: number("priority"),
	weight: number("weight"),
	rpm: number("rpm"),
	tpm: number("tpm"),
	max_concurrency: number("max_concurrency"),
	day: budget("day"),
	month: budget("month"),
	total: budget("total"),
	cost_multiplier: number("cost_multiplier"),
	hours: {
		name: "hours",
		get: (c) => (c.hours ? `${c.hours.from}-${c.hours.to}${c.hours.zone ? " " + c.hours.zone : ""}` : ""),
		patch: (v) => {
			if (!v.trim()) return { hours: null }
			const m = /^\s*(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)(?:\s+(\S+))?\s*$/.exec(v)
			if (!m) throw new FieldError("hours", t("ch.notHours"))
			return { hours: { from: m[1], to: m[2], zone: m[3] ?? null } }
		},
	},
	protocols: wordList("protocols"),
	auth: text("auth"),
	group: text("group"),
	proxy: text("proxy"),
	header_up: {
		name: "header_up",
		get: (c) => [
			...Object.entries(c.header_up?.set ?? {}).flatMap(([name, list]) => (list ?? []).map((v) => `${name}: ${v}`)),
			...Object.entries(c.header_up?.add ?? {}).flatMap(([name, list]) => (list ?? []).map((v) => `+${name}: ${v}`)),
			...(c.header_up?.delete ?? []).map((name) => `-${name}`),
		].join("\n"),
		patch: (v, was) => {
			const set: Record<string, string[]> = {}
			const add: Record<string, string[]> = {}
			const gone: string[] = []
			for (const line of lines(v)) {
				const m = /^([+-]?)([^:\s]+)(?:\s*:\s*(.*))?$/.exec(line)
				if (!m?.[2] || (m[1] !== "-" && m[3] === undefined)) throw new FieldError("header_up", t("ch.notHeader", { line }))
				if (m[1] === "-") gone.push(m[2])
				else (((m[1] === "+" ? add : set)[m[2]] ??= [])).push(m[3] ?? "")
			}
			if (Object.keys(set).length + Object.keys(add).length + gone.length === 0) return { header_up: null }
			return { header_up: { set: mapPatch(was?.header_up?.set, set), add: mapPatch(was?.header_up?.add, add), delete: orNull(gone) } }
		},
	},
	body_set: {
		name: "body_set",
		get: (c) => (c.body_set ?? []).map((f) => `${f.path} = ${JSON.stringify(f.value)}`).join("\n"),
		patch: (v) => ({ body_set: orNull(bodyFields(v)) }),
	},
	body_remove: { name: "body_remove", get: (c) => (c.body_remove ?? []).join("\n"), patch: (v) => ({ body_remove: orNull(words(v)) }) },
	check: {
		name: "health_check",
		get: (c) => (c.health_check ? `${durationText(c.health_check.interval) || "5m"}${c.health_check.model ? " " + c.health_check.model : ""}` : ""),
		patch: (v) => {
			const [interval, model] = words(v)
			return { health_check: interval ? { interval, model: model ?? null } : null }
		},
	},
	no_include_usage: flag("no_include_usage"),
	allow_private_addresses: flag("allow_private_addresses"),
	tls_insecure_skip_verify: flag("tls_insecure_skip_verify"),
	disabled: flag("disabled"),
} satisfies Record<string, Field>

export type FieldId = keyof typeof fields
export const fieldIds = Object.keys(fields) as FieldId[]
export type Form = Record<FieldId, string>

export const formOf = (c: ChannelConfig): Form => Object.fromEntries(fieldIds.map((id) => [id, fields[id].get(c)])) as Form

export const emptyForm = (): Form => formOf({ name: "", keys: [] })

/** The fields in which a form differs from the settings it was made of. */
export const changedFields = (form: Form, base: ChannelConfig): FieldId[] => fieldIds.filter((id) => form[id] !== fields[id].get(base))

/** What is sent for the changed fields. Throws FieldError. */
export function patchOf(form: Form, base: ChannelConfig): Patch {
	const patch: Patch = {}
	for (const id of changedFields(form, base)) {
		for (const [name, value] of Object.entries((fields[id] as Field).patch(form[id], base))) {
			const before = patch[name]
			patch[name] = before && value && typeof before === "object" && typeof value === "object" && !Array.isArray(value) ? { ...before, ...value } : value
		}
	}
	return patch
}

/** The settings of a new channel: a patch of nothing. */
export const withoutNulls = (patch: unknown): unknown =>
	Array.isArray(patch) || patch === null || typeof patch !== "object"
		? patch
		: Object.fromEntries(Object.entries(patch).flatMap(([k, v]) => (v === null ? [] : [[k, withoutNulls(v)]])))

/** Lines of "path = JSON"; what is no JSON is a text. */
export function bodyFields(v: string): ConfigBodyField[] {
	return lines(v).map((line) => {
		const m = /^(\S+?)\s*=\s*(.*)$/.exec(line)
		if (!m?.[1]) throw new FieldError("body_set", t("ch.notPair", { line }))
		try {
			return { path: m[1], value: JSON.parse(m[2] ?? "") as unknown }
		} catch {
			return { path: m[1], value: m[2] }
		}
	})
}

/** Which field a problem of the server belongs to. */
export function fieldOf(name: string | undefined): FieldId | undefined {
	const setting = (name ?? "").replace(/^channel\./, "").split(/[.[]/)[0]
	return setting ? fieldIds.find((id) => fields[id].name === setting) : undefined
}
