import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { type ApiError, asProblem } from "../../api/problem"
import { useResource } from "../../api/resource"
import type { AliasConfig } from "../../api/types"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { errorAt, TextField } from "../../components/field"
import { Icon } from "../../components/icon"
import { Empty, Failure, Loaded } from "../../components/notice"
import { Badge } from "../../components/state"
import { type Column, Table } from "../../components/table"
import { toast } from "../../components/toast"
import { t } from "../../i18n/text"
import { param, setQuery } from "../../shell/router"

/** One name for several models, tried in order. alias of the address: "+" for a new one, "=NAME" for one that is open. */
export function Aliases() {
	const list = useResource((stop) => ask("GET aliases", { signal: stop }), [])
	const open = param("alias")
	const all = list.data.value ?? []
	const shown = open === "+" ? { name: "", models: [] } : all.find((a) => "=" + a.name === open)
	const close = () => setQuery({ alias: null })
	const remove = async (a: AliasConfig) => {
		await ask("DELETE aliases/{name}", { path: { name: a.name } })
		toast(t("settings.aliasRemoved", { name: a.name }), async () => {
			await ask("POST aliases", { body: { name: a.name, models: a.models } })
			await list.reload()
		})
		await list.reload()
	}
	const columns: Column<AliasConfig>[] = [
		{
			id: "name", head: t("settings.aliasName"), class: "p1", sort: (a) => a.name,
			cell: (a) => (
				<>
					<span class="name clipname" dir="auto" title={a.name}>{a.name}</span>
					{a.origin === "declared" && <span title={t("settings.declared")}> <Icon name="file" small class="t3" /><span class="sr">{t("settings.declared")}</span></span>}
				</>
			),
		},
		{ id: "models", head: t("settings.aliasModels"), class: "w100 clip p3", title: (a) => (a.models ?? []).join(" → "), cell: (a) => <span class="scopes">{(a.models ?? []).map((m, i) => <span key={m} class="scopes">{i > 0 && <Icon name="right" small class="t3" />}<Badge mono>{m}</Badge></span>)}</span> },
		{
			id: "more", head: t("action.more"), hidden: true, num: true, class: "p2",
			cell: (a) => a.origin !== "declared" && (
				<span class="nw">
					<Button size="s" kind="quiet" icon="edit" label={`${t("action.edit")}: ${a.name}`} onClick={() => setQuery({ alias: "=" + a.name })} />
					<Button size="s" kind="quiet" icon="trash" label={`${t("action.remove")}: ${a.name}`} onClick={() => remove(a)} />
				</span>
			),
		},
	]
	return (
		<section class="sec">
			<header>
				<h2>{t("settings.aliases")}</h2>
				<Button size="s" icon="plus" class="push" onClick={() => setQuery({ alias: "+" })}>{t("settings.aliasAdd")}</Button>
			</header>
			<p class="t2 lead">{t("settings.aliasHelp")}</p>
			<Loaded of={list}>
				{(rows) => <Table label={t("settings.aliases")} main rows={rows ?? []} columns={columns} rowKey={(a) => a.name} sort="name" onOpen={(a) => a.origin !== "declared" && setQuery({ alias: "=" + a.name })} empty={<Empty title={t("settings.noAlias")} />} />}
			</Loaded>
			{shown && <AliasDialog key={open} alias={shown} isNew={open === "+"} onClose={close} onSaved={() => (close(), void list.reload())} />}
		</section>
	)
}

function AliasDialog({ alias, isNew, onClose, onSaved }: { alias: AliasConfig; isNew: boolean; onClose: () => void; onSaved: () => void }) {
	const [name, setName] = useState(alias.name)
	const [models, setModels] = useState((alias.models ?? []).join("\n"))
	const [problem, setProblem] = useState<ApiError | undefined>(undefined)
	const said = (field: string) => errorAt(problem, "alias." + field) ?? errorAt(problem, field)
	const save = async () => {
		setProblem(undefined)
		const body = { name: name.trim(), models: models.split(/[\n,]/).map((m) => m.trim()).filter(Boolean) }
		try {
			if (isNew) await ask("POST aliases", { body })
			else await ask("PUT aliases/{name}", { path: { name: alias.name }, body })
			onSaved()
		} catch (e) {
			setProblem(asProblem(e))
		}
	}
	return (
		<Dialog
			title={isNew ? t("settings.aliasAdd") : alias.name} onClose={onClose}
			footer={<><Button onClick={onClose}>{t("action.cancel")}</Button><Button kind="primary" onClick={save}>{t("action.save")}</Button></>}
		>
			{problem && !said("name") && !said("models") && problem.code !== "name_taken" && <Failure error={problem} />}
			<TextField label={t("settings.aliasName")} mono autoFocus={isNew} value={name} onInput={setName} error={said("name") ?? (problem?.code === "name_taken" ? problem.message : undefined)} help={t("settings.aliasNameHelp")} />
			<TextField label={t("settings.aliasModels")} mono rows={4} value={models} onInput={setModels} error={said("models")} help={t("settings.aliasModelsHelp")} />
		</Dialog>
	)
}
