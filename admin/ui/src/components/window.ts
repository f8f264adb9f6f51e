import { useEffect, useRef, useState } from "preact/hooks"
import type { RefObject } from "preact"

const drawAll = 120
const margin = 12

/** Which of many rows are drawn: those near what is seen, all of few. The heights before and after stand for the rest. */
export function useWindow(body: RefObject<HTMLElement | null>, count: number, usual: number) {
	const height = useRef(usual)
	const [span, setSpan] = useState({ from: 0, to: Math.min(count, drawAll) })
	const windowed = count > drawAll
	useEffect(() => {
		if (!windowed) return undefined
		const look = () => {
			const box = body.current
			if (!box) return
			const row = box.querySelector<HTMLElement>("tr[data-row]")
			if (row && row.offsetHeight > 0) height.current = row.offsetHeight
			const top = box.getBoundingClientRect().top
			const from = Math.max(0, Math.floor(-top / height.current) - margin)
			const to = Math.min(count, Math.ceil((innerHeight - top) / height.current) + margin)
			setSpan((s) => (s.from === from && s.to === to ? s : { from: Math.min(from, count), to: Math.max(to, Math.min(count, from + 1)) }))
		}
		look()
		addEventListener("scroll", look, { passive: true, capture: true })
		addEventListener("resize", look)
		return () => {
			removeEventListener("scroll", look, { capture: true })
			removeEventListener("resize", look)
		}
	}, [windowed, count])
	const from = windowed ? Math.min(span.from, count) : 0
	const to = windowed ? Math.min(span.to, count) : count
	return {
		from, to,
		before: from * height.current,
		after: (count - to) * height.current,
		/** Brings a row into sight. */
		scrollTo(n: number) {
			const row = body.current?.querySelector<HTMLElement>(`[data-row="${n}"]`)
			if (row) {
				row.scrollIntoView({ block: "nearest" })
			} else if (body.current) {
				scrollTo({ top: scrollY + body.current.getBoundingClientRect().top + n * height.current - innerHeight / 2 })
			}
		},
	}
}
