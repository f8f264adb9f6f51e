import { signal } from "@preact/signals"
import { ask, addressOf } from "./client"
import { learnTime } from "./clock"
import { isOperator, needLogin, session } from "./session"
import type { Budget, Channel, Events, LiveCalls, LiveChange, LiveMetrics as OperatorMetrics, RunningCalls } from "./types"

// One stream of events per tab. It is closed when nobody has looked for a
// minute, says in words when it is cut, and asks instead where streams do not
// come through.

/** Numbers of this moment; the holder of a token sees time and budget only. */
export type LiveMetrics = OperatorMetrics & { budget?: Budget | null }

export type LiveState = "connecting" | "live" | "reconnecting" | "polling" | "paused"

export const liveState = signal<LiveState>("connecting")
export const liveMetrics = signal<LiveMetrics | undefined>(undefined)
/** Calls under way, the oldest 50. */
export const runningCalls = signal<RunningCalls | undefined>(undefined)
/** Every channel as it is now, for the operator. */
export const channelStates = signal<Channel[] | undefined>(undefined)

type Listener<T> = (value: T) => void
const callListeners = new Set<Listener<LiveCalls>>()
const changeListeners = new Set<Listener<LiveChange>>()
const gapListeners = new Set<() => void>()

/** Tells of calls that have ended; returns what ends it. */
export function onCalls(listener: Listener<LiveCalls>): () => void {
	callListeners.add(listener)
	return () => callListeners.delete(listener)
}

/** Tells of changes of channels and of what is stored. */
export function onChange(listener: Listener<LiveChange>): () => void {
	changeListeners.add(listener)
	return () => changeListeners.delete(listener)
}

/** Tells that something may have been missed: ask anew. */
export function onGap(listener: () => void): () => void {
	gapListeners.add(listener)
	return () => gapListeners.delete(listener)
}

const hiddenLimit = 60_000
const pollEvery = 5_000
const tryStreamEvery = 60_000

let source: EventSource | undefined
let retry: ReturnType<typeof setTimeout> | undefined
let hidden: ReturnType<typeof setTimeout> | undefined
let poll: ReturnType<typeof setInterval> | undefined
let failures = 0
let seen = false
let newest = ""

/** Begins to listen. It ends with the page. */
export function startLive(): void {
	document.addEventListener("visibilitychange", () => {
		clearTimeout(hidden)
		if (document.hidden) {
			hidden = setTimeout(() => {
				close()
				liveState.value = "paused"
			}, hiddenLimit)
		} else if (liveState.value === "paused") {
			liveState.value = "reconnecting"
			open()
		}
	})
	session.subscribe((s) => {
		close()
		if (s.role !== "") open()
	})
}

function close(): void {
	source?.close()
	source = undefined
	clearTimeout(retry)
	clearInterval(poll)
	poll = undefined
}

function open(): void {
	source?.close()
	clearTimeout(retry)
	const stream = new EventSource(addressOf("GET live"))
	source = stream
	let opened = false
	const on = <K extends keyof Events>(kind: K, take: (value: Events[K]) => void) =>
		stream.addEventListener(kind, (e) => {
			opened = true
			failures = 0
			clearInterval(poll)
			poll = undefined
			liveState.value = "live"
			take(JSON.parse((e as MessageEvent<string>).data) as Events[K])
		})
	on("snapshot", (s) => {
		takeMetrics(s)
		if ("channels" in s) channelStates.value = s.channels ?? []
		if (seen) for (const l of gapListeners) l()
		seen = true
	})
	on("metrics", takeMetrics)
	on("calls", takeCalls)
	on("running", (r) => (runningCalls.value = r))
	on("channel", (c) => {
		if (isOperator()) refreshChannels()
		for (const l of changeListeners) l(c)
	})
	stream.onerror = () => {
		if (source !== stream) return
		if (liveState.value !== "polling") liveState.value = seen ? "reconnecting" : "connecting"
		if (opened && stream.readyState === EventSource.CONNECTING) {
			opened = false
			return // the browser comes back by itself and misses nothing
		}
		stream.close()
		failures++
		void ask("GET session").then((s) => s.role === "" && needLogin()).catch(() => undefined)
		if (failures >= 3 && !poll) startPolling()
		retry = setTimeout(open, poll ? tryStreamEvery : Math.min(500 * 2 ** failures, 10_000))
	}
}

function takeMetrics(m: Events["metrics"]): void {
	learnTime(m.time)
	liveMetrics.value = m as LiveMetrics
}

function takeCalls(c: LiveCalls): void {
	const last = (c.calls ?? []).at(-1)
	if (last) newest = last.time
	for (const l of callListeners) l(c)
}

let refreshing: ReturnType<typeof setTimeout> | undefined

/** Asks how the channels are; several askings close together are one. */
export function refreshChannels(): void {
	refreshing ??= setTimeout(async () => {
		try {
			const list = (await ask("GET channels")) ?? []
			channelStates.value = list.flatMap((c) => (c.state ? [c.state] : []))
		} catch {
			// The next change asks again, and the page says that nothing is reached.
		} finally {
			refreshing = undefined
		}
	}, 250)
}

function startPolling(): void {
	const look = async () => {
		try {
			const page = await ask("GET calls", { query: { limit: 100, since: newest } })
			const calls = (page.calls ?? []).flatMap((c) => (c && c.time > newest ? [c] : [])).reverse()
			if (isOperator()) refreshChannels()
			runningCalls.value = await ask("GET running")
			liveState.value = "polling"
			if (calls.length > 0) takeCalls({ calls, left_out: 0 })
		} catch {
			liveState.value = "reconnecting"
		}
	}
	void look()
	poll = setInterval(look, pollEvery)
}
