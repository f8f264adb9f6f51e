import { t } from "../i18n/text"

/** The beginnings of all steps of an answer, those without calls as well. known: those that had some. */
export function stepTimes(data: { since: string; until: string; step_ns?: number }, known: readonly number[]): number[] {
	const step = (data.step_ns ?? 6e10) / 1e6
	const since = Date.parse(data.since)
	// Days begin where those of budgets do, which need not be where the range begins.
	const first = known[0]
	const shift = first === undefined ? 0 : (((first - since) % step) + step) % step
	const begin = shift > 0 ? since + shift - step : since
	const list: number[] = []
	for (let time = begin; time < Date.parse(data.until); time += step) list.push(time)
	return list
}

/** minute, 5 minutes, hour, day: how wide a bar is. */
export function stepText(ms: number): string {
	const minutes = ms / 60_000
	if (minutes < 60) return minutes === 1 ? t("overview.step.minute") : t("overview.step.minutes", { n: minutes })
	if (minutes < 1440) return minutes === 60 ? t("overview.step.hour") : t("overview.step.hours", { n: minutes / 60 })
	return t("overview.step.day")
}
