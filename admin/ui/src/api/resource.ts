import { useEffect, useMemo, useRef } from "preact/hooks"
import { type Signal, signal } from "@preact/signals"
import { type ApiError, asProblem } from "./problem"

/** What a page shows of an answer: the last good one stays while it is asked for anew. */
export interface Resource<T> {
	data: Signal<T | undefined>
	error: Signal<ApiError | undefined>
	loading: Signal<boolean>
	/** Asks again. */
	reload: () => Promise<void>
}

/**
 * Asks when it is first drawn and whenever what it depends on changes, and gives
 * up the question before. refresh: asks again after so many milliseconds, while
 * the page is visible.
 */
export function useResource<T>(fetcher: (stop: AbortSignal) => Promise<T>, deps: readonly unknown[], refresh?: number): Resource<T> {
	const latest = useRef(fetcher)
	latest.current = fetcher
	const r = useMemo(() => makeResource<T>((stop) => latest.current(stop)), [])
	useEffect(() => {
		void r.reload()
		return r.stop
	}, deps)
	useEffect(() => {
		if (!refresh) return undefined
		const timer = setInterval(() => {
			if (!document.hidden && !r.loading.peek()) void r.reload()
		}, refresh)
		return () => clearInterval(timer)
	}, [refresh])
	return r
}

function makeResource<T>(fetcher: (stop: AbortSignal) => Promise<T>): Resource<T> & { stop: () => void } {
	const data = signal<T | undefined>(undefined)
	const error = signal<ApiError | undefined>(undefined)
	const loading = signal(true)
	let running: AbortController | undefined
	const stop = () => running?.abort()
	return {
		data, error, loading, stop,
		async reload() {
			stop()
			const mine = new AbortController()
			running = mine
			loading.value = true
			try {
				const got = await fetcher(mine.signal)
				if (running !== mine) return
				data.value = got
				error.value = undefined
			} catch (e) {
				const problem = asProblem(e)
				if (running !== mine || !problem) return
				error.value = problem
			} finally {
				if (running === mine) loading.value = false
			}
		},
	}
}
