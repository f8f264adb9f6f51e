import { signal } from "@preact/signals"
import type en from "./en/index"
import type more from "./en-more/index"
import type { Lang } from "./lang"
import { keepLook } from "../shell/look"

export type Key = keyof typeof en | keyof typeof more

/** A text, or one per plural category of its {n}. {name} stands for a value. */
export type Message = string | { one?: string; other: string }
export type Messages = Record<Key, Message>

export const lang = signal<Lang>(document.documentElement.lang === "zh" ? "zh" : "en")
const messages = signal<Messages | undefined>(undefined)

let plural = new Intl.PluralRules(lang.peek())
let numbers = new Intl.NumberFormat(lang.peek())

interface Loaded {
	default: Partial<Messages>
}

/** The texts of seldom pages are there, or being loaded. */
let withMore = false

const moreTexts = (to: Lang): Promise<Loaded> => (to === "zh" ? import("./zh-more") : import("./en-more"))

/** Loads the texts of the pages that are opened seldom. */
export async function loadMoreTexts(): Promise<void> {
	if (withMore) return
	withMore = true
	const to = lang.peek()
	try {
		const loaded = await moreTexts(to)
		if (lang.peek() === to) messages.value = { ...(messages.peek() as Messages), ...loaded.default }
	} catch (e) {
		withMore = false
		throw e
	}
}

/** Loads a language and shows it. */
export async function loadLanguage(to: Lang): Promise<void> {
	const [near, far] = await Promise.all([(to === "zh" ? import("./zh") : import("./en")) as Promise<Loaded>, withMore ? moreTexts(to) : undefined])
	plural = new Intl.PluralRules(to)
	numbers = new Intl.NumberFormat(to)
	document.documentElement.lang = to
	lang.value = to
	messages.value = { ...near.default, ...far?.default } as Messages
}

export async function setLanguage(to: Lang): Promise<void> {
	await loadLanguage(to)
	keepLook(to)
}

/** A text in the viewer's language. n chooses its plural. */
export function t(key: Key, values?: Record<string, string | number>): string {
	const m = messages.value?.[key]
	if (m === undefined) return key
	const text = typeof m === "string" ? m : ((plural.select(Number(values?.n ?? 0)) === "one" ? m.one : undefined) ?? m.other)
	return values ? text.replace(/\{(\w+)\}/g, (all, name: string) => valueText(values[name], all)) : text
}

const valueText = (value: string | number | undefined, missing: string): string => (typeof value === "number" ? numbers.format(value) : (value ?? missing))

/** A text for a code of the server; the code itself where there is none. */
export function tCode(prefix: string, code: string): string {
	const key = `${prefix}.${code}`
	return messages.value && key in messages.value ? t(key as Key) : code.replaceAll("_", " ")
}
