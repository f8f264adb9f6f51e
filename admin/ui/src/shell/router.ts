import { signal } from "@preact/signals"

// All that a page shows stands in its address: #/page/rest?filters. Back and
// Forward, and an address copied to another browser, show the same.

export interface Route {
	/** The first part of the path: the page. */
	page: string
	/** The parts after it, decoded. */
	rest: string[]
	query: URLSearchParams
}

export type Query = Record<string, string | number | boolean | null | undefined>

/** Pages in the order of the rail. */
export const pages = ["overview", "channels", "requests", "costs", "tokens", "playground", "settings"] as const
export type PageName = (typeof pages)[number]

/** What of the address follows from page to page. */
const carried = ["range"]

function parse(hash: string): Route {
	const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2)
	const parts = path.split("/").filter(Boolean).map(decode)
	return { page: parts[0] ?? "overview", rest: parts.slice(1), query: new URLSearchParams(query) }
}

function decode(part: string): string {
	try {
		return decodeURIComponent(part)
	} catch {
		return part // somebody typed it
	}
}

/** Where we are. */
export const route = signal<Route>(parse(location.hash))

addEventListener("hashchange", () => {
	route.value = parse(location.hash)
})

/** One value of the address; reading it makes a component follow it. */
export const param = (name: string): string => route.value.query.get(name) ?? ""

function write(path: readonly string[], query: URLSearchParams): string {
	const text = query.toString().replace(/%2C/g, ",").replace(/%3A/g, ":")
	return "#/" + path.map(encodeURIComponent).join("/") + (text ? "?" + text : "")
}

function fill(into: URLSearchParams, query: Query): URLSearchParams {
	for (const [name, value] of Object.entries(query)) {
		if (value === null || value === undefined || value === "" || value === false) into.delete(name)
		else into.set(name, String(value))
	}
	return into
}

/** The address of a page, for links: href("requests", id) or href(["channels", name], {tab: "keys"}). */
export function href(path: string | readonly string[], query: Query = {}): string {
	const kept = new URLSearchParams()
	for (const name of carried) {
		const value = route.value.query.get(name)
		if (value) kept.set(name, value)
	}
	return write(typeof path === "string" ? [path] : path, fill(kept, query))
}

/** Goes to an address that href made. */
export function go(address: string, replace = false): void {
	if (address === location.hash) return
	history[replace ? "replaceState" : "pushState"](null, "", address)
	route.value = parse(address)
}

/** Changes some values of the address; null takes one away. replace: Back does not lead here again, as for what is typed. */
export function setQuery(query: Query, replace = false): void {
	const r = route.value
	go(write([r.page, ...r.rest], fill(new URLSearchParams(r.query), query)), replace)
}

/** The same place with some other values, for links. */
export function hrefWith(query: Query): string {
	const r = route.value
	return write([r.page, ...r.rest], fill(new URLSearchParams(r.query), query))
}
