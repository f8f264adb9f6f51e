import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import type { Costs } from "../../api/types"
import { Menu } from "../../components/menu"
import { Loaded } from "../../components/notice"
import { money, moneyFull, none, percent } from "../../i18n/format"
import { t } from "../../i18n/text"
import { param, setQuery } from "../../shell/router"
import { barsOf, dimensions, nameOf, requestsOf, spanQuery, valueText } from "./dimensions"
import { Picked } from "./matrix"

const most = 10
const refresh = 60_000

/** The ten that cost most by one dimension, and the rest. */
export function Top() {
	const by = barsOf()
	const top = useResource((stop) => ask("GET costs", { query: { ...spanQuery(), rows: by, most_rows: most }, signal: stop }), [param("range"), by], refresh)
	return (
		<section class="top10">
			<header class="head">
				<h2>{t("costs.by", { name: nameOf(by) })}</h2>
				<span class="push">
					<Menu button={{ size: "s", children: <Picked name={t("costs.bars")} value={nameOf(by)} /> }} items={dimensions().filter((d) => d !== "day").map((d) => ({ text: nameOf(d), checked: d === by, run: () => setQuery({ by: d }) }))} />
				</span>
			</header>
			<Loaded of={top}>{(data) => <BarList data={data} />}</Loaded>
		</section>
	)
}

function BarList({ data }: { data: Costs }) {
	const by = barsOf()
	const rows = (data.row_list ?? []).map((r) => ({ key: "v" + r.name, text: valueText(by, r.name), to: requestsOf([by, r.name]), sum: r.sum }))
	if (data.rest_row) rows.push({ key: "rest", text: t("costs.others", { n: data.rest_rows }), to: undefined, sum: data.rest_row.sum })
	const largest = Math.max(...rows.map((r) => r.sum.cost_usd), 1e-12)
	if (rows.length === 0) return <p class="t3">{none}</p>
	return (
		<ul class="barlist">
			{rows.map((r) => (
				<li key={r.key}>
					{r.to ? <a class="plain clipped" dir="auto" href={r.to} title={r.text}>{r.text}</a> : <span class="clipped t2" dir="auto" title={r.text}>{r.text}</span>}
					<svg class="hbar" preserveAspectRatio="none" viewBox="0 0 100 8" aria-hidden="true">
						<rect class={r.key === "rest" ? "f-c0" : "f-text"} width={Math.max(r.sum.cost_usd > 0 ? 0.4 : 0, (100 * r.sum.cost_usd) / largest)} height="8" />
					</svg>
					<span class="num" title={moneyFull(r.sum.cost_usd)}>{money(r.sum.cost_usd)}</span>
					<span class="num t3">{percent(r.sum.share)}</span>
				</li>
			))}
		</ul>
	)
}
