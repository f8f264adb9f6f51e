import { useState } from "preact/hooks"
import { type ApiError, asProblem } from "../../api/problem"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { SelectField, TextField } from "../../components/field"
import { toast } from "../../components/toast"
import { problemText } from "../../components/problemtext"
import { t, type Key } from "../../i18n/text"
import { changeAll, muteAll, wakeAll } from "./actions"
import type { Row } from "./data"
import { FieldError, fields } from "./form"
import { askRemoval } from "./removal"
import { RefreshModels } from "./refreshmodels"

/** What is done to several channels at once. */
export function Bulk({ rows, onClear }: { rows: readonly Row[]; onClear: () => void }) {
	const [dialog, setDialog] = useState<"change" | "models" | undefined>(undefined)
	const stored = rows.filter((r) => !r.declared)
	const names = stored.map((r) => r.name)
	const declared = rows.length - stored.length
	return (
		<div class="bulk" role="region" aria-label={t("ch.bulk")}>
			<b>{t("ch.chosen", { n: rows.length })}</b>
			<Button disabled={!stored.some((r) => !r.config.disabled)} onClick={() => muteAll(rows, true)}>{t("action.mute")}</Button>
			<Button disabled={!stored.some((r) => r.config.disabled)} onClick={() => muteAll(rows, false)}>{t("action.unmute")}</Button>
			<Button onClick={() => wakeAll(rows)}>{t("action.wake")}</Button>
			<Button disabled={names.length === 0} onClick={() => setDialog("change")}>{t("ch.change")}</Button>
			<Button disabled={names.length === 0} onClick={() => setDialog("models")}>{t("ch.refreshModels")}</Button>
			<Button kind="danger" disabled={names.length === 0} onClick={() => askRemoval(names)}>{t("action.delete")}</Button>
			{declared > 0 && <span class="small t3">{t("ch.declaredStay", { n: declared })}</span>}
			<Button kind="quiet" icon="x" label={t("ch.chooseNone")} class="push" onClick={onClear} />
			{dialog === "change" && <ChangeDialog names={names} onClose={() => setDialog(undefined)} />}
			{dialog === "models" && <RefreshModels rows={stored} onClose={() => setDialog(undefined)} />}
		</div>
	)
}

const shared = ["priority", "weight", "rpm", "tpm", "max_concurrency", "day", "month", "cost_multiplier", "hours", "group", "models", "proxy"] as const

function ChangeDialog({ names, onClose }: { names: string[]; onClose: () => void }) {
	const [field, setField] = useState<(typeof shared)[number]>("priority")
	const [value, setValue] = useState("")
	const [error, setError] = useState<ApiError | FieldError | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const save = async () => {
		setBusy(true)
		try {
			const n = await changeAll(names, fields[field].patch(value))
			toast(t("ch.changed", { n }))
			onClose()
		} catch (problem) {
			setError(problem instanceof FieldError ? problem : asProblem(problem))
		} finally {
			setBusy(false)
		}
	}
	return (
		<Dialog
			title={t("ch.changeTitle", { n: names.length })}
			onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>{t("action.cancel")}</Button>
					<Button kind="primary" busy={busy} onClick={save}>{t("action.save")}</Button>
				</>
			}
		>
			<SelectField label={t("ch.setting")} value={field} onChange={(v) => setField(v as typeof field)} options={shared.map((id) => ({ value: id, text: t(`chf.${id}` as Key) }))} />
			<TextField label={t("ch.value")} value={value} onInput={setValue} error={error && (error instanceof FieldError ? error.message : problemText(error))} help={t("ch.valueHelp")} autoFocus />
		</Dialog>
	)
}
