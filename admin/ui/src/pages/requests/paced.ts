import { useEffect, useRef } from "preact/hooks"

/** A function that does something at once, and then not again before a pause has gone by; what was asked for meanwhile is done once. */
export function usePaced(run: () => unknown, pause: number): () => void {
	const latest = useRef(run)
	latest.current = run
	const state = useRef<{ timer?: ReturnType<typeof setTimeout>; again: boolean }>({ again: false })
	useEffect(() => () => clearTimeout(state.current.timer), [])
	const go = useRef(() => {
		const s = state.current
		if (s.timer !== undefined) {
			s.again = true
			return
		}
		if (!document.hidden) void latest.current()
		s.timer = setTimeout(() => {
			s.timer = undefined
			if (!s.again) return
			s.again = false
			go.current()
		}, pause)
	})
	return go.current
}
