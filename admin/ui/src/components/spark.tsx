/** A line without axes; gaps stay gaps. */
export function Spark({ values, label }: { values: readonly (number | undefined)[]; label?: string }) {
	const known = values.filter((v): v is number => v !== undefined)
	if (known.length < 2) return null
	const most = Math.max(...known, 1e-9)
	let path = ""
	let pen = "M"
	values.forEach((v, i) => {
		if (v === undefined) {
			pen = "M"
			return
		}
		path += `${pen}${((i * 100) / (values.length - 1)).toFixed(2)} ${(19 - (18 * v) / most).toFixed(2)}`
		pen = "L"
	})
	return (
		<svg class="spark" viewBox="0 0 100 20" preserveAspectRatio="none" role={label ? "img" : undefined} aria-label={label} aria-hidden={label ? undefined : "true"}>
			<path class="l" d={path} />
		</svg>
	)
}

/** How much of a limit is used. */
export function Meter({ used, limit, label }: { used: number; limit: number; label: string }) {
	const share = limit > 0 ? Math.min(1, used / limit) : 0
	const tone = share >= 1 ? "f-failed" : share >= 0.8 ? "f-resting" : "f-text"
	return (
		<svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={label}>
			<rect width="100" height="4" rx="2" />
			<rect class={tone} width={share * 100} height="4" rx="2" />
		</svg>
	)
}
