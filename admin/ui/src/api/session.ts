import { signal } from "@preact/signals"
import type { Session } from "./types"

/** Who is logged in; the role is "" for nobody. */
export const session = signal<Session>(read())

/** Someone was logged in, and is not any more: the shell asks for a login over the page. */
export const loginNeeded = signal(false)

let waiting: { done: (again: boolean) => void }[] = []

function read(): Session {
	try {
		const text = document.querySelector<HTMLMetaElement>("meta[name=ccload-session]")?.content
		if (text) return JSON.parse(text) as Session
	} catch {
		// It is asked for by the login then.
	}
	return { role: "", password: true }
}

export const isOperator = (): boolean => session.value.role === "operator"

/** Asks for a login, and says whether there is one now. */
export function needLogin(): Promise<boolean> {
	if (session.value.role === "") return Promise.resolve(false)
	loginNeeded.value = true
	return new Promise((done) => waiting.push({ done }))
}

/** Tells what waits for a login. */
export function loggedIn(s: Session): void {
	const other = session.value.role !== "" && (s.role !== session.value.role || s.token !== session.value.token)
	session.value = s
	loginNeeded.value = false
	const list = waiting
	waiting = []
	for (const w of list) w.done(s.role !== "" && !other)
}
