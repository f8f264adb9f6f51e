import { signal } from "@preact/signals"
import { learnTime } from "./clock"
import { ApiError } from "./problem"
import type { Param } from "./sent"
import { needLogin } from "./session"
import type { Routes } from "./types"

type Ask<R extends keyof Routes> = {
	signal?: AbortSignal
} & (Routes[R]["path"] extends undefined ? { path?: undefined } : { path: Routes[R]["path"] })
	& (Routes[R]["query"] extends undefined ? { query?: undefined } : { query?: Routes[R]["query"] })
	& (Routes[R]["body"] extends undefined ? { body?: undefined } : { body: Routes[R]["body"] })

type Rest<R extends keyof Routes> = undefined extends Routes[R]["path"] ? (undefined extends Routes[R]["body"] ? [ask?: Ask<R>] : [ask: Ask<R>]) : [ask: Ask<R>]

/** The last answer came; false while the gateway cannot be reached. */
export const reachable = signal(true)

type Loose = { path?: Record<string, Param>; query?: Record<string, Param | undefined>; body?: unknown; signal?: AbortSignal }

/** The address of a route, relative to the document. */
export function addressOf(route: keyof Routes, ask: Loose = {}): string {
	const path = route.slice(route.indexOf(" ") + 1).replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(ask.path?.[name])))
	const query = new URLSearchParams()
	for (const [name, value] of Object.entries(ask.query ?? {})) {
		if (value !== undefined && value !== "") query.set(name, String(value))
	}
	const text = query.toString()
	return "api/" + path + (text ? "?" + text : "")
}

/**
 * Asks the API. What goes wrong is thrown as an ApiError. If the login has ended
 * meanwhile, the page stays as it is, the user is asked to log in, and the
 * question is asked again.
 */
export async function ask<R extends keyof Routes>(route: R, ...rest: Rest<R>): Promise<Routes[R]["answer"]> {
	const loose = (rest[0] ?? {}) as Loose
	for (;;) {
		try {
			return (await once(route, loose)) as Routes[R]["answer"]
		} catch (e) {
			if (!(e instanceof ApiError) || e.code !== "login_required" || !(await needLogin())) throw e
		}
	}
}

/** Asks for a file: what it holds, and what it is called. */
export async function askFile<R extends keyof Routes>(route: R, ...rest: Rest<R>): Promise<{ file: Blob; name: string }> {
	const loose = (rest[0] ?? {}) as Loose
	for (;;) {
		const answer = await send(route, loose)
		try {
			if (!answer.ok) await read(answer)
			const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1]
			return { file: await answer.blob(), name: name ?? "ccload" }
		} catch (e) {
			if (!(e instanceof ApiError) || e.code !== "login_required" || !(await needLogin())) throw e
		}
	}
}

const once = async (route: keyof Routes, loose: Loose): Promise<unknown> => read(await send(route, loose))

async function read(answer: Response): Promise<unknown> {
	let said: { time?: string; data?: unknown; error?: { code: string; message: string; field?: string } }
	try {
		said = await answer.json()
	} catch {
		throw new ApiError(answer.status, "odd_answer", `${answer.status} ${answer.statusText}`)
	}
	if (said.time) learnTime(said.time)
	if (said.error) {
		throw new ApiError(answer.status, said.error.code, said.error.message, said.error.field, Number(answer.headers.get("Retry-After")) || undefined)
	}
	if (!answer.ok) throw new ApiError(answer.status, "odd_answer", `${answer.status} ${answer.statusText}`)
	return said.data
}

async function send(route: keyof Routes, { body, signal, ...loose }: Loose): Promise<Response> {
	const method = route.slice(0, route.indexOf(" "))
	const init: RequestInit = { method, signal, credentials: "same-origin", cache: "no-store" }
	if (body instanceof Blob || body instanceof FormData) {
		init.body = body
	} else if (body !== undefined) {
		init.body = typeof body === "string" ? body : JSON.stringify(body)
		init.headers = { "Content-Type": method === "PATCH" ? "application/merge-patch+json" : "application/json" }
	}
	try {
		const answer = await fetch(addressOf(route, loose), init)
		reachable.value = true
		return answer
	} catch (e) {
		if (e instanceof DOMException && e.name === "AbortError") throw e
		reachable.value = false
		throw new ApiError(0, "unreachable", "")
	}
}
