import { useState } from "preact/hooks"
import { Button } from "../../components/button"
import { Failure, Note } from "../../components/notice"
import { toast } from "../../components/toast"
import { ApiError } from "../../api/problem"
import { listOf, money } from "../../i18n/format"
import { t, type Key } from "../../i18n/text"
import { useCatalogue } from "./catalogue"
import { ChannelField } from "./channelfield"
import type { Row } from "./data"
import { EditsTester } from "./editstester"
import { type FieldId, fieldOf } from "./form"
import { CooldownRules } from "./rules"
import { useChannelForm } from "./useform"

const limits: readonly FieldId[] = ["rpm", "tpm", "max_concurrency", "day", "month", "total", "cost_multiplier", "hours"]

/** How much may be asked of a channel, and its own rules. */
export function LimitsTab({ row }: { row: Row }) {
	const f = useChannelForm(row.config)
	const catalogue = useCatalogue()
	const [busy, setBusy] = useState(false)
	const save = async () => {
		if (busy) return
		setBusy(true)
		const saved = await f.save()
		setBusy(false)
		if (saved) toast(t("ch.saved", { name: saved.name }))
	}
	const field = (id: FieldId, help?: string) => <ChannelField key={id} id={id} form={f.form} set={f.set} error={f.errorOf(id)} catalogue={catalogue} disabled={row.declared} help={help} />
	const spent = row.part?.cost_today_usd
	const problem = f.error instanceof ApiError && fieldOf(f.error.field) === undefined ? f.error : undefined
	return (
		<>
			<form
				noValidate
				onSubmit={(e) => {
					e.preventDefault()
					void save()
				}}
			>
				<header class="head">
					<h2>{t("ch.limits")}</h2>
				</header>
				{f.others && <Note state="resting" icon="user"><b>{t("ch.othersTitle")}</b> {f.theirs.length > 0 ? t("ch.othersClash", { fields: listOf(f.theirs.map((id) => t(`chf.${id}` as Key))) }) : t("ch.othersKept")}</Note>}
				{problem && <Failure error={problem} />}
				<div class="limitgrid">{limits.map((id) => field(id, id === "day" && spent !== undefined ? t("ch.spentToday", { spent: money(spent) }) : undefined))}</div>
				<section class="sec">
					<header class="head">
						<h2>{t("ch.bodyChanges")}</h2>
						<span class="sub">{t("ch.bodyChangesHelp")}</span>
					</header>
					<div class="two even">
						<div class="stacked">
							{field("body_set")}
							{field("body_remove")}
							{field("header_up")}
						</div>
						<EditsTester set={f.form.body_set} remove={f.form.body_remove} />
					</div>
				</section>
				{!row.declared && (
					<div class="formbar">
						<Button kind="primary" submit busy={busy} disabled={!f.dirty}>{t("action.save")}</Button>
						<span class="small t3">{t(f.dirty ? "ch.appliesAtOnce" : "ch.nothingChanged")}</span>
					</div>
				)}
			</form>
			<CooldownRules row={row} />
		</>
	)
}
