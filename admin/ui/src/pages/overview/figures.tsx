import type { ComponentChildren } from "preact"
import { useRef } from "preact/hooks"
import { liveMetrics } from "../../api/live"
import type { Overview } from "../../api/types"
import { Meter, Spark } from "../../components/spark"
import { duration, full, limitText, money, moneyFull, none, percent, short, whole } from "../../i18n/format"
import { t } from "../../i18n/text"
import { range } from "../../shell/range"
import { stepsOf } from "./steps"

/** The key figures in one line. */
export function Figures({ data }: { data: Overview | undefined }) {
	const all = data ? data.total.ok + data.total.failed_over + data.total.caller + data.total.failed : 0
	const seconds = data ? Math.max(60, (Date.parse(data.until) - Date.parse(data.since)) / 1000) : 1
	const total = data?.total
	return (
		<dl class="figs">
			<Figure name={t("overview.requests")} value={data ? rateText(all / seconds) : none} after="/s" title={data && whole(all)}>
				{data && <Spark values={stepsOf(data).map((s) => s.ok + s.failed_over + s.caller + s.failed)} />}
			</Figure>
			<Figure name={t("overview.errors")} value={total && all ? percent(total.failed / all) : none} after={all > 0 && <span class="nice">{t("overview.ofCalls", { n: short(all) })}</span>} title={total && `${whole(total.failed)} / ${whole(all)}`} />
			<Figure name={t("overview.first")} value={total?.first_content_p50_ns ? duration(total.first_content_p50_ns) : none} after={total?.first_content_p95_ns && <span class="nice">p95 {duration(total.first_content_p95_ns)}</span>} />
			<Figure name={t("overview.output")} value={total && all ? short(Number((total.output_tokens / seconds).toPrecision(3))) : none} after={t("overview.tokensPerSecond")} title={total && full(total.output_tokens)} />
			<InFlight />
			<Figure name={t("overview.saved")} value={total ? short(total.failed_over) : none} after={total && all > 0 && <span class="nice">{t("overview.savedOf", { n: total.failed_over, share: percent(total.failed_over / all) })}</span>} title={total && whole(total.failed_over)} />
			<Figure name={t("overview.costToday")} value={data ? money(data.cost_today_usd) : none} after={data?.limit_today_usd ? t("overview.ofLimit", { limit: limitText(data.limit_today_usd) }) : undefined} title={data && moneyFull(data.cost_today_usd)}>
				{data?.limit_today_usd ? <Meter used={data.cost_today_usd} limit={data.limit_today_usd} label={percent(data.cost_today_usd / data.limit_today_usd)} /> : null}
			</Figure>
		</dl>
	)
}

const rateText = (perSecond: number): string => (perSecond === 0 ? "0" : perSecond < 0.01 ? "<0.01" : short(Number(perSecond.toPrecision(3))))

function Figure({ name, value, after, title, children }: { name: string; value: string; after?: ComponentChildren; title?: string; children?: ComponentChildren }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd title={title}>
				<b>{value}</b>
				{after && <span>{after}</span>}
				{children}
			</dd>
		</div>
	)
}

/** Calls under way, of this second; the peak is since the page was opened. */
function InFlight() {
	const peak = useRef(0)
	const now = liveMetrics.value?.in_flight
	peak.current = Math.max(peak.current, now ?? 0)
	void range.value
	return <Figure name={t("overview.inFlight")} value={now === undefined ? none : whole(now)} after={<span class="nice">{t("overview.peak", { n: whole(peak.current) })}</span>} />
}
