import { useLayoutEffect } from "preact/hooks"
import { signal } from "@preact/signals"
import { href, go } from "./router"
import { t } from "../i18n/text"
import type { Key as TextKey } from "../i18n/text"

// Keys of the whole page. Single letters do nothing while something is typed,
// and can be switched off.

interface Binding {
	keys: string
	what: TextKey
	run: (e: KeyboardEvent) => void
}

const bindings = new Set<Binding>()

/** Letters work; kept in this browser. */
export const lettersOn = signal(read())

function read(): boolean {
	try {
		return localStorage.getItem("ccload.letters") !== "off"
	} catch {
		return true
	}
}

export function setLetters(on: boolean): void {
	lettersOn.value = on
	try {
		localStorage.setItem("ccload.letters", on ? "on" : "off")
	} catch {
		// It holds as long as the page.
	}
}

/** Does something on a key, or on two one after the other ("g c"), while the component is there. */
export function useKey(keys: string, what: TextKey, run: (e: KeyboardEvent) => void): void {
	// Before the next key, which may follow at once: "j" and "m" of a fast hand.
	useLayoutEffect(() => {
		const binding: Binding = { keys, what, run }
		bindings.add(binding)
		return () => void bindings.delete(binding)
	})
}

/** What keys do here, for the help. */
export function knownKeys(): { keys: string; text: string }[] {
	const seen = new Map<string, string>()
	for (const b of bindings) seen.set(b.keys, t(b.what))
	return [...seen].map(([keys, text]) => ({ keys, text }))
}

let prefix = ""
let prefixTimer: ReturnType<typeof setTimeout> | undefined

const typing = (target: EventTarget | null): boolean =>
	target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

addEventListener("keydown", (e) => {
	if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return
	if (typing(e.target) || document.querySelector("dialog:modal")) return
	if (!lettersOn.value && e.key.length === 1) return
	// Enter and Space belong to what has the focus.
	if ((e.key === "Enter" || e.key === " ") && e.target instanceof HTMLElement && e.target.closest("a,button,summary,[role=switch]")) return
	const pressed = prefix ? prefix + " " + e.key : e.key
	clearTimeout(prefixTimer)
	prefix = ""
	for (const b of [...bindings].reverse()) {
		if (b.keys === pressed) {
			e.preventDefault()
			b.run(e)
			return
		}
	}
	if (e.key === "g") {
		prefix = "g"
		prefixTimer = setTimeout(() => (prefix = ""), 1000)
	}
})

export const goTo = (page: string) => () => go(href(page))
