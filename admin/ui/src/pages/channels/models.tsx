import { useMemo, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { refreshChannels } from "../../api/live"
import { asProblem, type ApiError } from "../../api/problem"
import type { TestAnswer } from "../../api/types"
import { Button } from "../../components/button"
import { fitsPattern } from "../../components/channelactions"
import { Checkbox, TextField } from "../../components/field"
import { Empty, Failure } from "../../components/notice"
import { Badge, Countdown, State } from "../../components/state"
import { Table } from "../../components/table"
import { toast } from "../../components/toast"
import { problemText } from "../../components/problemtext"
import { duration, money, moneyFull, none, rate, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { href } from "../../shell/router"
import { wake } from "./actions"
import type { Row } from "./data"
import { FetchedModels } from "./fetched"
import { TestCell } from "./keys"
import { useRun } from "./run"
import { AtOnce, RunBar } from "./runbar"

interface ModelRow {
	name: string
	upstream: string | undefined
	pattern: boolean
	/** Only in what the upstream lists; a pattern lets it in. */
	listed: boolean
}

/** The models of a channel: what it serves, what its upstream has, redirects, and a test of all. */
export function ModelsTab({ row }: { row: Row }) {
	const [listed, setListed] = useState<readonly string[] | undefined>(undefined)
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const [selected, setSelected] = useState<Set<string>>(new Set())
	const [atOnce, setAtOnce] = useState(4)
	const [prompt, setPrompt] = useState("")
	const [stream, setStream] = useState(true)
	const run = useRun(async (model, stop) => (await ask("POST channels/{name}/test", { path: { name: row.name }, body: { channel: row.name, models: [model], stream, prompt: prompt || undefined }, signal: stop }))?.[0] as TestAnswer)
	const models = row.config.models ?? row.channel?.models ?? []
	const rows = useMemo(() => rowsOf(models, row.config.model_names ?? {}, listed ?? []), [row, listed])
	const testable = rows.filter((r) => !r.pattern)
	const chosen = testable.filter((r) => selected.has(r.name))
	const failed = rows.filter((r) => run.results.get(r.name)?.ok === false)
	const removable = (list: readonly ModelRow[]) => list.filter((r) => !r.listed)
	const save = async (to: readonly string[], names: Record<string, string | null> | undefined, said: string) => {
		const was = row.config.models ?? null
		const before = row.config.model_names ?? {}
		const set = async (list: readonly string[] | null, model_names?: Record<string, string | null>) => {
			await ask("PATCH channels/{name}", { path: { name: row.name }, body: { models: list && list.length > 0 ? [...list] : null, ...(model_names ? { model_names } : {}) } })
			refreshChannels()
		}
		await set(to, names)
		toast(said, () => set(was, names && Object.fromEntries(Object.keys(names).map((k) => [k, before[k] ?? null]))))
	}
	const remove = async (list: readonly ModelRow[]) => {
		const gone = new Set(list.map((r) => r.name))
		const names = Object.fromEntries(Object.keys(row.config.model_names ?? {}).filter((k) => gone.has(k)).map((k) => [k, null]))
		await save(models.filter((m) => !gone.has(m)), Object.keys(names).length > 0 ? names : undefined, t("ch.modelsRemoved", { n: list.length }))
		setSelected(new Set())
	}
	const fetchList = async () => {
		setError(undefined)
		try {
			setListed((await ask("POST channels/{name}/models/fetch", { path: { name: row.name } })).models ?? [])
		} catch (e) {
			setError(asProblem(e))
		}
	}
	const answerOf = (r: ModelRow) => run.results.get(r.name)
	return (
		<section>
			<div class="tabbar">
				{chosen.length > 0 ? <b>{t("ch.modelsChosen", { n: chosen.length })}</b> : <span class="small t2">{row.config.models ? t("ch.modelsServed", { n: whole(rows.length) }) : t("ch.modelsAll")}</span>}
				{chosen.length > 0 && (
					<>
						<Button busy={run.busy} onClick={() => run.start(chosen.map((r) => r.name), atOnce)}>{t("action.test")}</Button>
						{!row.declared && removable(chosen).length > 0 && <Button onClick={() => remove(removable(chosen))}>{t("action.remove")}</Button>}
					</>
				)}
				<span class="push chips">
					{!run.busy && !row.declared && removable(failed).length > 0 && <Button onClick={() => remove(removable(failed))}>{t("ch.removeFailed", { n: removable(failed).length })}</Button>}
					<Checkbox label={t("ch.streamed")} on={stream} onChange={setStream} />
					<AtOnce value={atOnce} onChange={setAtOnce} />
					<Button busy={run.busy} disabled={testable.length === 0} onClick={() => run.start(testable.map((r) => r.name), atOnce)}>{t("ch.testAllModels")}</Button>
					<Button onClick={fetchList}>{t("ch.fetch")}</Button>
				</span>
			</div>
			{error && <Failure error={error} retry={fetchList} />}
			<RunBar run={run} failed={failed.length} />
			{listed && <FetchedModels row={row} models={models} listed={listed} onSave={save} onClose={() => setListed(undefined)} />}
			<Table
				main
				label={t("ch.tab.models")}
				rows={rows}
				rowKey={(r) => r.name}
				selected={selected}
				onSelect={setSelected}
				empty={<Empty title={t("ch.noModels")}>{t("ch.noModelsHelp")}</Empty>}
				columns={[
					{ id: "name", head: t("overview.model"), class: "p1 w100 clip", title: (r) => r.name, cell: (r) => <><code>{r.name}</code> {r.pattern && <Badge>{t("ch.pattern")}</Badge>}{r.listed && <Badge>{t("ch.byPattern")}</Badge>}{r.upstream && <span class="t3"> → <code>{r.upstream}</code></span>}</> },
					{ id: "state", head: t("overview.state"), class: "p3", cell: (r) => <ModelState row={row} model={r.upstream ?? r.name} /> },
					{ id: "first", head: t("overview.first"), class: "p2 testcell", cell: (r) => (r.pattern ? <span class="t3">{none}</span> : <TestCell answer={answerOf(r)} running={run.running.has(r.name)} />) },
					{ id: "total", head: t("ch.total"), num: true, class: "w2", cell: (r) => { const a = answerOf(r); return a ? duration(a.duration_ns) : none } },
					{ id: "speed", head: t("overview.tokensPerSecond"), num: true, class: "w3", cell: (r) => { const a = answerOf(r); return a?.tokens_per_second ? rate(a.tokens_per_second) : none } },
					{ id: "cost", head: t("overview.cost"), num: true, class: "w3", title: (r) => { const usd = answerOf(r)?.cost.usd; return usd == null ? undefined : moneyFull(usd) }, cell: (r) => { const a = answerOf(r); return a?.ok ? money(a.cost.usd) : none } },
					{ id: "text", head: t("ch.text"), class: "w4 testtext clip p4", title: (r) => answerOf(r)?.text || answerOf(r)?.message, cell: (r) => { const a = answerOf(r); return a && <a class="plain" dir="auto" href={href(["requests", a.id])}>{a.ok ? a.text : (a.message ?? tCode("kind", a.outcome))}</a> } },
				]}
			/>
			<div class="two even sec">
				{!row.declared && <AddModel onAdd={(name, upstream) => save(upstream || models.includes(name) ? models : [...models, name], upstream ? { [name]: upstream } : undefined, t("ch.modelAdded", { name }))} />}
				<TextField label={t("ch.prompt")} value={prompt} onInput={setPrompt} placeholder="hi" help={t("ch.promptHelp")} />
			</div>
		</section>
	)
}

function rowsOf(models: readonly string[], names: Record<string, string>, listed: readonly string[]): ModelRow[] {
	const rows = new Map<string, ModelRow>()
	for (const name of [...models, ...Object.keys(names)]) rows.set(name, { name, upstream: names[name], pattern: name.includes("*"), listed: false })
	const patterns = models.filter((m) => m.includes("*"))
	for (const name of listed) if (!rows.has(name) && patterns.some((p) => fitsPattern(p, name))) rows.set(name, { name, upstream: undefined, pattern: false, listed: true })
	return [...rows.values()]
}

function ModelState({ row, model }: { row: Row; model: string }) {
	const e = (row.channel?.cooling ?? []).find((x) => x.model === model && !x.key && !x.url)
	if (!e) return null
	return (
		<State tone="resting" icon="resting" title={e.message} why={<>{tCode("kind", e.kind)} <Countdown until={e.until} /> <Button size="s" kind="quiet" onClick={() => wake({ scope: e.scope, channel: row.name, model }, model)}>{t("action.wake")}</Button></>}>
			{t("channel.resting")}
		</State>
	)
}

function AddModel({ onAdd }: { onAdd: (name: string, upstream: string) => Promise<void> }) {
	const [name, setName] = useState("")
	const [upstream, setUpstream] = useState("")
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const save = async () => {
		if (!name.trim()) return
		try {
			await onAdd(name.trim(), upstream.trim())
			setName("")
			setUpstream("")
			setError(undefined)
		} catch (e) {
			setError(asProblem(e))
		}
	}
	return (
		<form
			class="addline"
			noValidate
			onSubmit={(e) => {
				e.preventDefault()
				void save()
			}}
		>
			<TextField label={t("ch.addModel")} mono value={name} onInput={(v) => (setName(v), setError(undefined))} placeholder="claude-*" error={error && problemText(error)} help={t("ch.addModelHelp")} />
			<TextField label={t("ch.redirect")} mono value={upstream} onInput={setUpstream} hint={t("ch.optional")} placeholder="provider/name" />
			<Button submit disabled={!name.trim()}>{t("action.add")}</Button>
		</form>
	)
}
