/** One minute, or another step, of a strip: attempts by what became of them. */
export interface StripCell {
	ok: number
	/** Rate limited, overloaded: rests. */
	limited: number
	failed: number
}

/** A strip of health: a cell per step, filled from below by the share that went wrong, so that an ill channel does not outshout the numbers beside it. No traffic is a thin line. */
export function Strip({ cells, label, wide }: { cells: readonly (StripCell | undefined)[]; label: string; wide?: boolean }) {
	const n = cells.length
	return (
		<svg class={"strip" + (wide ? " wide" : "")} viewBox={`0 0 ${n * 5} 14`} preserveAspectRatio="none" role="img" aria-label={label}>
			{cells.map((c, i) => {
				const all = c ? c.ok + c.limited + c.failed : 0
				if (!c || all === 0) return <rect key={i} class="f-none" x={i * 5} y="6.5" width="4" height="1" />
				const bad = share(c.failed, all)
				const held = share(c.limited, all)
				return (
					<g key={i}>
						<rect class="f-ready" x={i * 5} y="1" width="4" height={12 - bad - held} />
						{held > 0 && <rect class="f-resting" x={i * 5} y={13 - bad - held} width="4" height={held} />}
						{bad > 0 && <rect class="f-failed" x={i * 5} y={13 - bad} width="4" height={bad} />}
					</g>
				)
			})}
		</svg>
	)
}

/** A height of 12; what is little is seen still. */
const share = (part: number, all: number): number => (part === 0 ? 0 : part === all ? 12 : Math.max(2.5, Math.min(10, (12 * part) / all)))
