import { useEffect, useRef, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { channelStates, refreshChannels } from "../../api/live"
import { type ApiError, asProblem } from "../../api/problem"
import type { TestAnswer } from "../../api/types"
import { Button } from "../../components/button"
import { SelectField, TextField } from "../../components/field"
import { Empty, Failure } from "../../components/notice"
import { problemText } from "../../components/problemtext"
import { State } from "../../components/state"
import { type Column, Table } from "../../components/table"
import { duration, money, none, rate, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { href, param, setQuery } from "../../shell/router"

interface Row {
	model: string
	state: "waiting" | "running" | "done"
	answer?: TestAnswer
	error?: ApiError
}

/** Tests under way at once. */
const together = 3

/** Every model of a channel, asked for a short answer. */
export function ModelTest() {
	const channels = channelStates.value ?? []
	const channel = channels.find((c) => c.name === param("channel")) ?? channels[0]
	const [rows, setRows] = useState<readonly Row[]>([])
	const [prompt, setPrompt] = useState("")
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const stop = useRef<AbortController | undefined>(undefined)
	const [running, setRunning] = useState(false)
	useEffect(() => {
		setRows([])
		setError(undefined)
		return () => stop.current?.abort()
	}, [channel?.name])
	if (!channel) return <Empty title={t("play.noChannel")} action={<a class="btn" href={href("welcome")}>{t("nav.channels")}</a>} />
	const name = channel.name
	const run = async () => {
		const control = new AbortController()
		stop.current = control
		setRunning(true)
		setError(undefined)
		try {
			const models = await modelsOf(name, channel.models ?? [], control.signal)
			let all: Row[] = models.map((model) => ({ model, state: "waiting" }))
			setRows(all)
			const put = (i: number, part: Partial<Row>) => {
				all = all.map((r, at) => (at === i ? { ...r, ...part } : r))
				setRows(all)
			}
			let next = 0
			const work = async () => {
				while (next < models.length && !control.signal.aborted) {
					const i = next++
					put(i, { state: "running" })
					try {
						const got = await ask("POST channels/{name}/test", { path: { name }, body: { channel: name, models: [models[i] as string], stream: true, prompt: prompt.trim() || undefined }, signal: control.signal })
						put(i, { state: "done", answer: got?.[0] })
					} catch (e) {
						const problem = asProblem(e)
						put(i, problem ? { state: "done", error: problem } : { state: "waiting" })
					}
				}
			}
			await Promise.all(Array.from({ length: together }, work))
		} catch (e) {
			setError(asProblem(e))
		} finally {
			refreshChannels()
			setRunning(false)
		}
	}
	const done = rows.filter((r) => r.state === "done").length
	const good = rows.filter((r) => r.answer?.ok).length
	return (
		<>
			<div class="playbar">
				<SelectField label={t("search.channel")} value={name} onChange={(v) => setQuery({ channel: v })} options={channels.map((c) => ({ value: c.name, text: c.name }))} disabled={running} />
				<TextField label={t("play.prompt")} value={prompt} onInput={setPrompt} placeholder={t("play.promptUsual")} />
				{running ? <Button icon="stop" size="l" onClick={() => stop.current?.abort()}>{t("play.stop")}</Button> : <Button kind="primary" size="l" onClick={run}>{t("play.testAll")}</Button>}
			</div>
			{error && <Failure error={error} retry={run} />}
			{rows.length > 0 && (
				<div class="progress">
					<progress max={rows.length} value={done} aria-label={t("play.progress")} />
					<span class="small t2" role="status">{t("play.progressOf", { done: whole(done), n: whole(rows.length), good: whole(good) })}</span>
				</div>
			)}
			<Table label={t("play.models")} main rows={rows} columns={columns()} rowKey={(r) => r.model} sort="" empty={<Empty title={t("play.testHead", { name })}>{t("play.testHelp")}</Empty>} />
		</>
	)
}

/** The models that are written out; of a channel that has patterns only, those its upstream lists. */
async function modelsOf(name: string, patterns: readonly string[], signal: AbortSignal): Promise<string[]> {
	const written = patterns.filter((m) => !m.includes("*"))
	if (written.length > 0) return written
	const may = patterns.map((m) => new RegExp("^" + m.split("*").map((x) => x.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*") + "$", "i"))
	const listed = (await ask("POST channels/{name}/models/fetch", { path: { name }, signal })).models ?? []
	return may.length === 0 ? listed : listed.filter((m) => may.some((p) => p.test(m)))
}

const columns = (): Column<Row>[] => [
	{ id: "model", head: t("overview.model"), class: "p1", sort: (r) => r.model, cell: (r) => <span class="mono clipname" title={r.model}>{r.model}</span> },
	{ id: "ok", head: t("overview.outcome"), class: "p2", sort: (r) => (r.answer?.ok ? 0 : r.state === "done" ? 1 : 2), cell: (r) => <Result row={r} /> },
	{ id: "first", head: t("overview.first"), num: true, class: "p4", sort: (r) => r.answer?.first_content_ns, cell: (r) => (r.answer?.first_content_ns ? duration(r.answer.first_content_ns) : none) },
	{ id: "total", head: t("play.total"), num: true, class: "w3", sort: (r) => r.answer?.duration_ns, cell: (r) => (r.answer ? duration(r.answer.duration_ns) : none) },
	{ id: "speed", head: t("overview.tokensPerSecond"), num: true, class: "w4", descending: true, sort: (r) => r.answer?.tokens_per_second, cell: (r) => (r.answer?.tokens_per_second ? rate(r.answer.tokens_per_second) : none) },
	{ id: "cost", head: t("overview.cost"), num: true, class: "w3", sort: (r) => r.answer?.cost.usd ?? undefined, cell: (r) => (r.answer?.ok ? money(r.answer.cost.usd) : none) },
	{ id: "text", head: t("play.answer"), class: "w100 clip t2 p3", title: (r) => r.answer?.text || r.answer?.message, cell: (r) => <span dir="auto">{r.answer?.ok ? r.answer.text : r.answer?.message}</span> },
	{ id: "call", head: t("play.detail"), hidden: true, num: true, cell: (r) => r.answer?.id && <a class="link small" href={href(["requests", r.answer.id])}>{t("play.detail")}</a> },
]

function Result({ row: r }: { row: Row }) {
	if (r.state === "running") return <State tone="probing" icon="probing">{t("play.running")}</State>
	if (r.state === "waiting") return <span class="t3">{t("play.queued")}</span>
	if (r.error) return <State tone="failed" icon="failed" title={problemText(r.error)}>{problemText(r.error)}</State>
	return r.answer?.ok ? <State tone="ready" icon="ready">{t("outcome.ok")}</State> : <State tone="failed" icon="failed">{tCode("kind", r.answer?.outcome ?? "")}</State>
}
