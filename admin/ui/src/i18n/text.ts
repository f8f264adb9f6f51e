import { signal } from "@preact/signals"
import type en from "./en/index"
import type { Lang } from "./lang"
import { keepLook } from "../shell/look"

export type Key = keyof typeof en

/** A text, or one per plural category of its {n}. {name} stands for a value. */
export type Message = string | { one?: string; other: string }
export type Messages = Record<Key, Message>

export const lang = signal<Lang>(document.documentElement.lang === "zh" ? "zh" : "en")
const messages = signal<Messages | undefined>(undefined)

let plural = new Intl.PluralRules(lang.peek())

/** Loads a language and shows it. */
export async function loadLanguage(to: Lang): Promise<void> {
	const loaded = (to === "zh" ? await import("./zh") : await import("./en")) as { default: Messages }
	plural = new Intl.PluralRules(to)
	document.documentElement.lang = to
	lang.value = to
	messages.value = loaded.default
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
	return values ? text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all)) : text
}

/** A text for a code of the server; the code itself where there is none. */
export function tCode(prefix: string, code: string): string {
	const key = `${prefix}.${code}`
	return messages.value && key in messages.value ? t(key as Key) : code.replaceAll("_", " ")
}
