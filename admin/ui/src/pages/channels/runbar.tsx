import { Button } from "../../components/button"
import { Icon } from "../../components/icon"
import { Failure } from "../../components/notice"
import { whole } from "../../i18n/format"
import { t } from "../../i18n/text"
import type { Run } from "./run"

/** How far a run is, and a way to end it. */
export function RunBar<T>({ run, failed }: { run: Run<T>; failed: number }) {
	if (run.error && !run.busy) return <Failure error={run.error} />
	if (run.total === 0) return null
	const share = run.total > 0 ? run.done / run.total : 0
	return (
		<div class="runbar" role="status">
			<progress max={run.total} value={run.done} aria-label={t("ch.tested", { n: run.done, all: run.total })} />
			<span>{t("ch.tested", { n: run.done, all: whole(run.total) })}</span>
			{failed > 0 && <span class="st failed">{t("ch.failedN", { n: failed })}</span>}
			{run.busy && share < 1 && <Button size="s" icon="stop" onClick={run.stop}>{t("ch.stop")}</Button>}
		</div>
	)
}

/** How many at once. */
export function AtOnce({ value, onChange }: { value: number; onChange: (n: number) => void }) {
	return (
		<label class="atonce small t2">
			{t("ch.atOnce")}
			<span class="in sel">
				<select value={String(value)} onChange={(e) => onChange(Number(e.currentTarget.value))}>
					{[1, 2, 4, 8, 16].map((n) => <option key={n} value={n}>{n}</option>)}
				</select>
				<Icon name="down" small />
			</span>
		</label>
	)
}
