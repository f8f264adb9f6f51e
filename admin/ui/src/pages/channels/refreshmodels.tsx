import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { refreshChannels } from "../../api/live"
import { asProblem } from "../../api/problem"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { SelectField } from "../../components/field"
import { State } from "../../components/state"
import { problemText } from "../../components/problemtext"
import { t } from "../../i18n/text"
import type { Row } from "./data"

interface Done {
	text: string
	good: boolean
}

/** Asks the upstreams of several channels which models they have, and takes them over. */
export function RefreshModels({ rows, onClose }: { rows: readonly Row[]; onClose: () => void }) {
	const [how, setHow] = useState("merge")
	const [done, setDone] = useState<Record<string, Done>>({})
	const [busy, setBusy] = useState(false)
	const run = async () => {
		setBusy(true)
		for (const r of rows) {
			let result: Done
			try {
				const found = (await ask("POST channels/{name}/models/fetch", { path: { name: r.name } })).models ?? []
				const has = r.config.models ?? []
				const models = how === "merge" ? [...new Set([...has, ...found])] : found
				if (found.length > 0) await ask("PATCH channels/{name}", { path: { name: r.name }, body: { models } })
				result = { text: found.length === 0 ? t("ch.listsNone") : t("ch.listsModels", { n: found.length, added: models.filter((m) => !has.includes(m)).length, gone: has.filter((m) => !models.includes(m)).length }), good: found.length > 0 }
			} catch (e) {
				const problem = asProblem(e)
				result = { text: problem ? problemText(problem) : "", good: false }
			}
			setDone((d) => ({ ...d, [r.name]: result }))
		}
		refreshChannels()
		setBusy(false)
	}
	return (
		<Dialog
			title={t("ch.refreshModels")}
			onClose={onClose}
			noClose={busy}
			footer={
				<>
					<Button disabled={busy} onClick={onClose}>{t("action.close")}</Button>
					<Button kind="primary" busy={busy} onClick={run}>{t("ch.fetch")}</Button>
				</>
			}
		>
			<SelectField label={t("ch.takeOver")} value={how} onChange={setHow} options={[{ value: "merge", text: t("ch.merge") }, { value: "replace", text: t("ch.replace") }]} />
			<dl class="kv">
				{rows.map((r) => {
					const d = done[r.name]
					return [<dt key={r.name + "n"} class="clipname">{r.name}</dt>, <dd key={r.name}>{d && <State tone={d.good ? "ready" : "failed"} icon={d.good ? "ready" : "failed"}>{d.text}</State>}</dd>]
				})}
			</dl>
		</Dialog>
	)
}
