import { useEffect, useRef, useState } from "preact/hooks"
import type { ChatProtocol } from "../../api/gateway"
import { ask } from "../../api/client"
import { serverNow } from "../../api/clock"
import { channelStates } from "../../api/live"
import { useResource } from "../../api/resource"
import { Button } from "../../components/button"
import { SelectField, Switch, TextField } from "../../components/field"
import { t } from "../../i18n/text"
import { param, setQuery } from "../../shell/router"
import { TurnView } from "./answer"
import { askModel, type Turn } from "./talk"

type Side = "model" | "other"

const maxTokens = 1024
const mostModels = 40
const month = 30 * 86_400_000

/** The models that were asked for in the last 30 days, the costliest first. */
async function modelsAsked(stop: AbortSignal): Promise<string[]> {
	const now = serverNow()
	const table = await ask("GET costs", { query: { rows: "model", most_rows: mostModels, since: new Date(now - month).toISOString(), until: new Date(now).toISOString() }, signal: stop })
	return (table.row_list ?? []).map((r) => r.name).filter(Boolean)
}

/** Chat with one model, or with two side by side. */
export function Chat() {
	const compare = param("compare") === "true"
	const sides: readonly Side[] = compare ? ["model", "other"] : ["model"]
	const protocol: ChatProtocol = param("protocol") === "anthropic" ? "anthropic" : "openai"
	const [turns, setTurns] = useState<Record<Side, readonly Turn[]>>({ model: [], other: [] })
	const [question, setQuestion] = useState("")
	const stop = useRef<AbortController | undefined>(undefined)
	useEffect(() => () => stop.current?.abort(), [])
	const status = useResource((stop) => ask("GET status", { signal: stop }), [])
	const tokens = useResource((stop) => ask("GET tokens", { signal: stop }), [])
	const asked = useResource(modelsAsked, [])
	const channels = channelStates.value ?? []
	const [token, channel, site] = [param("token"), param("channel"), param("site")]
	const named = channels.filter((c) => !channel || c.name === channel).flatMap((c) => (c.models ?? []).filter((m) => !m.includes("*"))).sort()
	const models = [...new Set([...(channel ? [] : (asked.data.value ?? [])), ...named])]
	const sites = status.data.value?.sites ?? []
	const modelOf = (side: Side) => param(side) || (models[side === "model" ? 0 : 1] ?? models[0] ?? "")
	const running = sides.some((s) => turns[s].at(-1)?.running)
	const send = async () => {
		const text = question.trim()
		if (!text || running || !sides.every(modelOf)) return
		setQuestion("")
		stop.current = new AbortController()
		const signal = stop.current.signal
		await Promise.all(
			sides.map((side) => {
				const before = turns[side]
				return askModel({ token, channel, site: site || (sites.length > 1 ? (sites[0] ?? "") : ""), protocol, model: modelOf(side), before, question: text, maxTokens, signal }, (turn) => setTurns((all) => ({ ...all, [side]: [...before, turn] })))
			}),
		)
	}
	const modelField = (side: Side) => <TextField label={t("overview.model")} mono value={param(side)} placeholder={modelOf(side)} list={models} onInput={(v) => setQuery({ [side]: v.trim() }, true)} />
	return (
		<>
			<div class="playbar">
				{!compare && modelField("model")}
				<SelectField label={t("play.protocol")} value={protocol} onChange={(v) => setQuery({ protocol: v === "openai" ? null : v })} options={[{ value: "openai", text: "OpenAI Chat" }, { value: "anthropic", text: "Anthropic Messages" }]} />
				<SelectField label={t("play.as")} value={token} onChange={(v) => setQuery({ token: v || null })} options={[{ value: "", text: t("play.operator") }, ...(tokens.data.value ?? []).map((x) => ({ value: x.name, text: x.name }))]} />
				<SelectField label={t("search.channel")} value={channel} onChange={(v) => setQuery({ channel: v || null })} options={[{ value: "", text: t("play.any") }, ...channels.map((c) => ({ value: c.name, text: c.name }))]} />
				{sites.length > 1 && <SelectField label={t("play.site")} value={site || (sites[0] ?? "")} onChange={(v) => setQuery({ site: v })} options={sites.map((v) => ({ value: v, text: v }))} />}
				<Switch label={t("play.compare")} on={compare} onChange={(on) => setQuery({ compare: on })} />
				<span class="push chips">
					{sides.some((s) => turns[s].length > 0) && <Button size="s" disabled={running} onClick={() => setTurns({ model: [], other: [] })}>{t("play.clear")}</Button>}
				</span>
			</div>
			<div class={"sides" + (compare ? " pairof" : "")}>
				{sides.map((side) => (
					<section key={side} class="side" aria-label={modelOf(side)}>
						{compare && modelField(side)}
						<div class="turns" aria-live="polite" aria-busy={running}>
							{turns[side].map((turn, i) => <TurnView key={i} turn={turn} />)}
						</div>
					</section>
				))}
			</div>
			<form
				class="composer"
				onSubmit={(e) => {
					e.preventDefault()
					void send()
				}}
			>
				<label class="in area">
					<span class="sr">{t("play.question")}</span>
					<textarea
						rows={2} value={question} placeholder={t("play.question")} dir="auto"
						onInput={(e) => setQuestion(e.currentTarget.value)}
						onKeyDown={(e) => {
							if (e.key !== "Enter" || e.shiftKey || e.isComposing) return
							e.preventDefault()
							void send()
						}}
					/>
				</label>
				{running ? <Button size="l" icon="stop" onClick={() => stop.current?.abort()}>{t("play.stop")}</Button> : <Button size="l" kind="primary" submit disabled={!question.trim()}>{t("play.send")}</Button>}
			</form>
			<p class="small t3 playhint">{token ? t("play.asToken", { name: token }) : t("play.asOperator")}</p>
		</>
	)
}
