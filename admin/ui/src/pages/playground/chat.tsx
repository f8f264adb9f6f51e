import { useEffect, useRef, useState } from "preact/hooks"
import type { ChatProtocol } from "../../api/gateway"
import { Button } from "../../components/button"
import { SelectField, Switch, TextField } from "../../components/field"
import { t } from "../../i18n/text"
import { param, setQuery } from "../../shell/router"
import { TurnView } from "./answer"
import { askModel, type Turn } from "./talk"
import { playToken, TokenGate } from "./token"

type Side = "model" | "other"

const maxTokens = 1024

/** Chat with one model, or with two side by side. */
export function Chat() {
	const token = playToken.value
	const compare = param("compare") === "true"
	const sides: readonly Side[] = compare ? ["model", "other"] : ["model"]
	const protocol: ChatProtocol = param("protocol") === "anthropic" ? "anthropic" : "openai"
	const [turns, setTurns] = useState<Record<Side, readonly Turn[]>>({ model: [], other: [] })
	const [question, setQuestion] = useState("")
	const stop = useRef<AbortController | undefined>(undefined)
	useEffect(() => () => stop.current?.abort(), [])
	if (!token) return <TokenGate />
	const modelOf = (side: Side) => param(side) || (token.models[side === "model" ? 0 : 1] ?? token.models[0] ?? "")
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
				return askModel({ token: token.secret, protocol, model: modelOf(side), before, question: text, maxTokens, signal }, (turn) => setTurns((all) => ({ ...all, [side]: [...before, turn] })))
			}),
		)
	}
	return (
		<>
			<div class="playbar">
				<SelectField label={t("play.protocol")} value={protocol} onChange={(v) => setQuery({ protocol: v === "openai" ? null : v })} options={[{ value: "openai", text: "OpenAI Chat" }, { value: "anthropic", text: "Anthropic Messages" }]} />
				<Switch label={t("play.compare")} on={compare} onChange={(on) => setQuery({ compare: on })} />
				<span class="push chips">
					{sides.some((s) => turns[s].length > 0) && <Button size="s" disabled={running} onClick={() => setTurns({ model: [], other: [] })}>{t("play.clear")}</Button>}
					<Button size="s" kind="quiet" title={t("play.memory")} onClick={() => (playToken.value = undefined)}>{t("play.forget", { ends: token.secret.slice(-4) })}</Button>
				</span>
			</div>
			<div class={"sides" + (compare ? " pairof" : "")}>
				{sides.map((side) => (
					<section key={side} class="side" aria-label={modelOf(side)}>
						<TextField label={t("overview.model")} mono value={param(side)} placeholder={modelOf(side)} list={token.models} onInput={(v) => setQuery({ [side]: v.trim() }, true)} />
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
		</>
	)
}
