import type { Overview, OverviewStep } from "../../api/types"

const nothing = { ok: 0, failed_over: 0, caller: 0, failed: 0, output_tokens: 0, cost_usd: 0 }

/** Every step of the range, those without calls as well. */
export function stepsOf(data: Overview): (OverviewStep & { time: number })[] {
	const step = data.step_ns / 1e6
	const known = new Map((data.series ?? []).map((s) => [Date.parse(s.start ?? data.since), s]))
	// Days begin where those of budgets do, which need not be where the range begins.
	const first = known.keys().next().value as number | undefined
	const since = Date.parse(data.since)
	const shift = first === undefined ? 0 : (((first - since) % step) + step) % step
	const begin = shift > 0 ? since + shift - step : since
	const list: (OverviewStep & { time: number })[] = []
	for (let time = begin; time < Date.parse(data.until); time += step) list.push({ ...nothing, ...known.get(time), time })
	return list
}
