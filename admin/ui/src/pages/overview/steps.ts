import type { Overview, OverviewStep } from "../../api/types"
import { stepTimes } from "../../shell/steps"

const nothing = { ok: 0, failed_over: 0, caller: 0, failed: 0, output_tokens: 0, cost_usd: 0 }

/** Every step of the range, those without calls as well. */
export function stepsOf(data: Overview): (OverviewStep & { time: number })[] {
	const known = new Map((data.series ?? []).map((s) => [Date.parse(s.start ?? data.since), s]))
	return stepTimes(data, [...known.keys()]).map((time) => ({ ...nothing, ...known.get(time), time }))
}
