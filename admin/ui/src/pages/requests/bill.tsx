import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import type { AiAttempt, AiRecord, PricedAttempt } from "../../api/types"
import { Failure } from "../../components/notice"
import { full, moneyFull, none, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"

/** How the cost comes about: each part of the usage times its price, and the channel's multiplier. */
export function Bill({ call: c }: { call: AiRecord }) {
	const attempts = c.attempts ?? []
	const billed = attempts.filter((a) => a.usage.input || a.usage.output || a.usage.web_searches || a.cost.usd)
	const priced = useResource((stop) => ask("GET calls/{id}/price", { path: { id: c.id }, signal: stop }), [c.id])
	const parts = priced.data.value ?? []
	return (
		<section>
			<header class="head">
				<h2>{t("requests.column.cost")}</h2>
				<span class="sub">{billed.length > 0 && source(c)}</span>
			</header>
			{priced.error.value && <Failure error={priced.error.value} retry={priced.reload} />}
			{billed.length === 0 ? (
				<p class="t2">{t("requests.nothingBilled")}</p>
			) : (
				<div class="tw nar">
					<table class="bill">
						<thead>
							<tr>
								<th>{t("requests.usage")}</th>
								<th class="num">{t("requests.quantity")}</th>
								<th class="num">{t("requests.perMillion")}</th>
								<th class="num">{t("requests.amount")}</th>
							</tr>
						</thead>
						<tbody>
							{parts.map((p) => {
								const a = attempts[p.attempt]
								return a ? <Lines key={p.attempt} part={p} attempt={a} many={billed.length > 1} /> : null
							})}
							<tr class="sum">
								<td>{t("requests.billed")}</td>
								<td />
								<td />
								<td class="num">{c.cost.usd === null ? none : moneyFull(c.cost.usd)}</td>
							</tr>
						</tbody>
					</table>
				</div>
			)}
			<Remarks call={c} parts={parts} />
		</section>
	)
}

function source(c: AiRecord): string {
	if (c.usage.vendor_costed) return t("requests.vendorCosted")
	return t(c.usage.estimated ? "requests.estimated" : "requests.reported")
}

function Lines({ part: p, attempt: a, many }: { part: PricedAttempt; attempt: AiAttempt; many: boolean }) {
	const multiplier = a.cost.multiplier
	return (
		<>
			{many && (
				<tr class="attempthead">
					<td colSpan={4} dir="auto">{t("requests.attempt", { n: p.attempt + 1, channel: a.target.channel })}</td>
				</tr>
			)}
			{(p.lines ?? []).map((l) => (
				<tr key={l.what}>
					<td dir="auto">{what(l.what, p.model)}</td>
					<td class="num">{whole(l.quantity)}</td>
					<td class="num">{l.price_usd}</td>
					<td class="num">{l.usd || !l.what.includes(" region ") ? moneyFull(l.usd) : ""}</td>
				</tr>
			))}
			{(p.lines ?? []).length === 0 && unpricedLines(a).map(([name, n]) => (
				<tr key={name}>
					<td>{name}</td>
					<td class="num">{whole(n)}</td>
					<td class="num t3">{none}</td>
					<td class="num t3">{none}</td>
				</tr>
			))}
			{multiplier !== undefined && multiplier !== 1 && (
				<tr>
					<td class="t2" dir="auto">{t("requests.multiplier", { channel: a.target.channel })}</td>
					<td />
					<td class="num">× {full(multiplier)}</td>
					<td class="num">{a.cost.usd === null ? none : moneyFull(a.cost.usd)}</td>
				</tr>
			)}
			{a.usage.vendor_costed && (
				<tr>
					<td class="t2" colSpan={3}>{t("requests.vendorSays")}</td>
					<td class="num">{moneyFull(a.usage.vendor_usd ?? 0)}</td>
				</tr>
			)}
		</>
	)
}

/** What was used where nothing has a price. */
const unpricedLines = ({ usage: u }: AiAttempt): [string, number][] =>
	([[t("requests.what.input"), u.input], [t("requests.ofThatCached"), u.cached_input ?? 0], [t("requests.what.output"), u.output]] as [string, number][]).filter(([, n]) => n > 0)

/** A part of a usage as the server names it: a model, and a kind of tokens. */
function what(text: string, model: string): string {
	const kind = text.startsWith(model + " ") ? text.slice(model.length + 1) : text
	return tCode("requests.what", kind)
}

function Remarks({ call: c, parts }: { call: AiRecord; parts: readonly PricedAttempt[] }) {
	const remarks: string[] = []
	const rows = new Set((c.attempts ?? []).map((a) => a.cost.price).filter(Boolean))
	if (rows.size > 0) remarks.push(t("requests.priceRow", { row: [...rows].join(", ") }))
	if (c.usage.service_tier) remarks.push(t("requests.tier", { tier: c.usage.service_tier }))
	if (c.cost.unpriced) remarks.push(t("requests.partlyUnpriced"))
	if (c.cost.drifted) remarks.push(t("requests.drifted"))
	if (parts.some((p) => p.changed)) remarks.push(t("requests.pricesChanged"))
	if (c.usage.doubtful) remarks.push(t("requests.doubtful"))
	return remarks.length > 0 ? <p class="small t3 foot2" dir="auto">{remarks.join(" ")}</p> : null
}
