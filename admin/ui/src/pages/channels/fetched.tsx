import { useState } from "preact/hooks"
import { Button } from "../../components/button"
import { fitsPattern } from "../../components/channelactions"
import { Checkbox } from "../../components/field"
import { t } from "../../i18n/text"
import type { Row } from "./data"

interface Props {
	row: Row
	models: readonly string[]
	listed: readonly string[]
	onSave: (models: readonly string[], names: undefined, said: string) => Promise<void>
	onClose: () => void
}

const covers = (models: readonly string[], name: string): boolean => models.some((m) => fitsPattern(m, name))

/** What the upstream lists beside what the channel serves: the difference, to be taken over in part or whole. */
export function FetchedModels({ row, models, listed, onSave, onClose }: Props) {
	const fresh = listed.filter((m) => !covers(models, m))
	const gone = models.filter((m) => !m.includes("*") && !listed.includes(m) && !(row.config.model_names ?? {})[m])
	const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(fresh))
	const same = listed.length - fresh.length
	const add = fresh.filter((m) => chosen.has(m))
	const save = async (to: readonly string[]) => {
		await onSave(to, undefined, t("ch.modelsSaved", { n: to.length }))
		onClose()
	}
	return (
		<div class="fetched">
			<header class="head">
				<h3>{t("ch.itLists", { n: listed.length })}</h3>
				<span class="sub">{t("ch.difference", { fresh: fresh.length, gone: gone.length, same })}</span>
				<Button kind="quiet" icon="x" size="s" label={t("action.close")} class="push" onClick={onClose} />
			</header>
			{fresh.length > 0 && (
				<div class="diff">
					{fresh.map((m) => (
						<Checkbox key={m} label={"+ " + m} on={chosen.has(m)} onChange={(on) => {
							const next = new Set(chosen)
							if (on) next.add(m)
							else next.delete(m)
							setChosen(next)
						}} />
					))}
				</div>
			)}
			{gone.length > 0 && <p class="diff gonelist">{gone.map((m) => <code key={m}>− {m}</code>)}</p>}
			{!row.declared && listed.length > 0 && (
				<div class="chips">
					<Button kind="primary" disabled={add.length === 0} onClick={() => save([...models, ...add])}>{t("ch.addN", { n: add.length })}</Button>
					<Button disabled={fresh.length + gone.length === 0} onClick={() => save(listed)}>{t("ch.replaceBy", { n: listed.length })}</Button>
				</div>
			)}
		</div>
	)
}
