import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { type ApiError, asProblem } from "../../api/problem"
import { channelStates } from "../../api/live"
import type { Priced } from "../../api/types"
import { Button } from "../../components/button"
import { TextField } from "../../components/field"
import { Failure } from "../../components/notice"
import { State } from "../../components/state"
import { money, moneyFull, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"

const numbers = ["input", "cached_input", "cache_write", "output"] as const

/** What a usage would cost, and by which price. */
export function PriceCheck() {
	const [model, setModel] = useState("")
	const [provider, setProvider] = useState("")
	const [n, setN] = useState<Record<(typeof numbers)[number], string>>({ input: "1000000", cached_input: "", cache_write: "", output: "1000000" })
	const [got, setGot] = useState<Priced | undefined>(undefined)
	const [problem, setProblem] = useState<ApiError | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const models = [...new Set((channelStates.value ?? []).flatMap((c) => c.models ?? []).filter((m) => !m.includes("*")))]
	const check = async (e: Event) => {
		e.preventDefault()
		setBusy(true)
		setProblem(undefined)
		try {
			setGot(await ask("GET price", { query: { model: model.trim(), provider: provider.trim() || undefined, ...n } }))
		} catch (error) {
			setGot(undefined)
			setProblem(asProblem(error))
		} finally {
			setBusy(false)
		}
	}
	return (
		<section class="sec">
			<header><h2>{t("settings.check")}</h2></header>
			<form class="setform" noValidate onSubmit={check}>
				<div class="pair">
					<TextField label={t("overview.model")} mono value={model} onInput={setModel} list={models} />
					<TextField label={t("settings.p.provider")} mono value={provider} onInput={setProvider} placeholder={t("settings.anyProvider")} />
				</div>
				<div class="quad">
					{numbers.map((id) => <TextField key={id} label={t(`settings.p.${id}`)} value={n[id]} onInput={(v) => setN({ ...n, [id]: v.trim() })} placeholder="0" unit={t("settings.tokensUnit")} />)}
				</div>
				<div class="chips"><Button submit busy={busy} disabled={!model.trim()}>{t("settings.checkDo")}</Button></div>
			</form>
			{problem && <Failure error={problem} />}
			{got && (got.cost.usd === null ? <p class="below"><State tone="resting" icon="help" why={t("settings.unpricedHelp")}>{t("settings.unpriced")}</State></p> : <Bill priced={got} />)}
		</section>
	)
}

function Bill({ priced }: { priced: Priced }) {
	return (
		<div class="billbox below" role="status">
			<table class="bill">
				<tbody>
					{(priced.lines ?? []).map((l, i) => (
						<tr key={i}>
							<td><What text={l.what} /></td>
							<td class="num">{whole(l.quantity)}</td>
							<td class="num t3">× ${l.price_usd}</td>
							<td class="num" title={moneyFull(l.usd)}>{money(l.usd)}</td>
						</tr>
					))}
					<tr class="sum">
						<td colSpan={3}>
							{t("settings.sum")} {priced.cost.price && <span class="t3 reg">{t("settings.byPrice", { price: priced.cost.price })}</span>}
						</td>
						<td class="num" title={moneyFull(priced.cost.usd ?? 0)}>{money(priced.cost.usd)}</td>
					</tr>
				</tbody>
			</table>
		</div>
	)
}

/** The model, and what was counted of it. */
function What({ text }: { text: string }) {
	const at = text.lastIndexOf(" ")
	return (
		<>
			{tCode("settings.p", text.slice(at + 1))} <code class="t3">{text.slice(0, Math.max(at, 0))}</code>
		</>
	)
}
