import { useEffect, useRef, useState } from "preact/hooks"
import { ApiError, asProblem } from "../../api/problem"

export interface Run<T> {
	results: ReadonlyMap<string, T>
	/** Under way now. */
	running: ReadonlySet<string>
	done: number
	total: number
	busy: boolean
	/** It could not go on: not an answer of a test, but that no test can be made. */
	error: ApiError | undefined
	start: (items: readonly string[], atOnce: number) => Promise<ReadonlyMap<string, T>>
	stop: () => void
}

/** Does the same for many things, a few at once, until it is done or stopped. It ends with the page. */
export function useRun<T>(work: (item: string, stop: AbortSignal) => Promise<T>): Run<T> {
	const [state, setState] = useState({ results: new Map<string, T>(), running: new Set<string>(), done: 0, total: 0, busy: false, error: undefined as ApiError | undefined })
	const stopper = useRef<AbortController | undefined>(undefined)
	const latest = useRef(work)
	latest.current = work
	useEffect(() => () => stopper.current?.abort(), [])
	const start = async (items: readonly string[], atOnce: number) => {
		stopper.current?.abort()
		const mine = new AbortController()
		stopper.current = mine
		const queue = [...items]
		const results = new Map(state.results)
		for (const item of items) results.delete(item)
		const running = new Set<string>()
		let done = 0
		let error: ApiError | undefined
		const show = () => {
			if (stopper.current === mine) setState({ results: new Map(results), running: new Set(running), done, total: items.length, busy: !mine.signal.aborted && done < items.length, error })
		}
		const worker = async () => {
			for (let item = queue.shift(); item !== undefined && !mine.signal.aborted; item = queue.shift()) {
				running.add(item)
				show()
				try {
					results.set(item, await latest.current(item, mine.signal))
				} catch (e) {
					const problem = asProblem(e)
					if (problem && !error) error = problem
					if (problem) mine.abort()
				} finally {
					running.delete(item)
					done++
					show()
				}
			}
		}
		await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
		running.clear()
		if (stopper.current === mine) setState({ results: new Map(results), running, done, total: items.length, busy: false, error })
		return results
	}
	return { ...state, start, stop: () => stopper.current?.abort() }
}
