import type { ComponentChildren } from "preact"
import { useEffect, useRef, useState } from "preact/hooks"
import { channelStates } from "../../api/live"
import { ApiError, asProblem } from "../../api/problem"
import { ask } from "../../api/client"
import type { TokenConfig } from "../../api/types"
import { Button } from "../../components/button"
import { errorAt, SelectField, Switch, TextField, type TextProps } from "../../components/field"
import { Failure, Note } from "../../components/notice"
import { More, Panel } from "../../components/panel"
import { t } from "../../i18n/text"
import { hrefWith } from "../../shell/router"
import { changesOf, draftOf, sentOf, type TokenDraft } from "./draft"
import { presets } from "./presets"

interface Props {
	/** The token as it is, or as it begins. */
	token: TokenConfig
	isNew: boolean
	preset?: string
	onClose: () => void
	onSaved: (token: TokenConfig) => void
	actions?: ComponentChildren
	state?: ComponentChildren
}

const fieldNames = ["name", "models", "budget", "expires", "channels", "except_channels", "rpm", "tpm", "max_concurrency", "expose_route", "upstream_counts"]

/** What the server says of a field, whether it names it as the token's or by itself. */
const said = (e: ApiError | undefined, name: string): string | undefined => errorAt(e, "token." + name) ?? errorAt(e, name)

/** A token's settings beside the list. */
export function TokenForm({ token, isNew, preset, onClose, onSaved, actions, state }: Props) {
	const [was] = useState(() => draftOf(token))
	const [d, setDraft] = useState(was)
	const [problem, setProblem] = useState<ApiError | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const first = useRef<HTMLDivElement>(null)
	useEffect(() => {
		if (isNew) first.current?.querySelector("input")?.focus()
	}, [])
	const set = (part: Partial<TokenDraft>) => setDraft((x) => ({ ...x, ...part }))
	const declared = token.origin === "declared"
	const dirty = isNew || JSON.stringify(d) !== JSON.stringify(was)
	const save = async () => {
		if (busy || declared) return
		setBusy(true)
		setProblem(undefined)
		try {
			onSaved(isNew ? await ask("POST tokens", { body: sentOf(d) }) : await ask("PATCH tokens/{name}", { path: { name: token.name }, body: changesOf(was, d) }))
		} catch (e) {
			setProblem(asProblem(e))
		} finally {
			setBusy(false)
		}
	}
	const field = (name: keyof TokenDraft, more: Partial<TextProps>) => (
		<TextField
			label={t(`tokens.f.${name}` as "tokens.f.name")} value={String(d[name])} onInput={(v) => set({ [name]: v })} disabled={declared}
			error={said(problem, name)} {...more}
		/>
	)
	const elsewhere = problem && !fieldNames.some((name) => said(problem, name)) && problem.code !== "name_taken"
	return (
		<Panel
			title={<span class="clipped" title={token.name}>{isNew ? t("tokens.new") : token.name}</span>}
			state={state}
			actions={actions}
			onClose={onClose}
			onSubmit={save}
			footer={
				declared ? undefined : (
					<>
						<Button kind="primary" submit busy={busy} disabled={!dirty}>{t(isNew ? "tokens.make" : "action.save")}</Button>
						<span class="small t3">{t(isNew ? "tokens.shownOnce" : "tokens.atOnce")}</span>
					</>
				)
			}
		>
			{declared && (
				<Note icon="file">
					<b>{t("tokens.declared")}</b>
					<p class="t2">{t("tokens.declaredHelp")}</p>
					<code>token {/\s/.test(token.name) ? `"${token.name}"` : token.name}</code>
				</Note>
			)}
			{elsewhere && <Failure error={problem} />}
			{isNew && (
				<div class="chips" role="group" aria-label={t("tokens.preset")}>
					{presets.map((p) => (
						<a key={p.id} class={"chip" + (preset === p.id ? " on" : "")} aria-current={preset === p.id ? "true" : undefined} href={hrefWith({ new: p.id })}>
							{t(p.text)}
						</a>
					))}
				</div>
			)}
			<div ref={first}>{field("name", { required: true, error: said(problem, "name") ?? (problem?.code === "name_taken" ? problem.message : undefined) })}</div>
			{field("models", { mono: true, rows: 2, placeholder: t("tokens.allModels"), help: t("tokens.modelsHelp") })}
			<div class="trio" role="group" aria-label={t("tokens.budgets")}>
				{field("day", { label: t("tokens.perDay"), unit: "$", placeholder: "∞", error: said(problem, "budget.day") })}
				{field("month", { label: t("tokens.perMonth"), unit: "$", placeholder: "∞", error: said(problem, "budget.month") })}
				{field("total", { label: t("tokens.inTotal"), unit: "$", placeholder: "∞", error: said(problem, "budget.total") })}
			</div>
			{said(problem, "budget") && !["day", "month", "total"].some((p) => said(problem, "budget." + p)) && <span class="err" role="alert">{said(problem, "budget")}</span>}
			{/^\d{4}-\d\d-\d\d$|^$/.test(d.expires) ? field("expires", { type: "date", help: t("tokens.expiresHelp") }) : field("expires", { mono: true })}
			<More summary={t("tokens.moreHelp")} open={d.reach !== "all" || Boolean(said(problem, "rpm") ?? said(problem, "tpm") ?? said(problem, "max_concurrency"))}>
				<SelectField
					label={t("tokens.f.reach")} value={d.reach} disabled={declared} onChange={(v) => set({ reach: v as TokenDraft["reach"] })}
					options={[{ value: "all", text: t("tokens.allChannels") }, { value: "only", text: t("tokens.only") }, { value: "except", text: t("tokens.except") }]}
				/>
				{d.reach !== "all" && (
					<>
						{field("channels", { mono: true, rows: 2, error: said(problem, "channels") ?? said(problem, "except_channels"), help: t("tokens.channelsHelp") })}
						{!declared && <ChannelChips chosen={d.channels} onAdd={(name) => set({ channels: d.channels.trim() ? `${d.channels.trim().replace(/,$/, "")}, ${name}` : name })} />}
					</>
				)}
				<div class="pair">
					{field("rpm", { unit: t("tokens.perMinute"), placeholder: "∞" })}
					{field("tpm", { unit: t("tokens.perMinute"), placeholder: "∞" })}
				</div>
				{field("max_concurrency", { unit: t("tokens.atATime"), placeholder: "∞" })}
				<Switch label={t("tokens.f.expose_route")} help={t("tokens.exposeHelp")} on={d.expose_route} disabled={declared} onChange={(on) => set({ expose_route: on })} />
				<Switch label={t("tokens.f.upstream_counts")} help={t("tokens.countsHelp")} on={d.upstream_counts} disabled={declared} onChange={(on) => set({ upstream_counts: on })} />
			</More>
		</Panel>
	)
}

const mostChips = 12

/** Channels that are not named yet. */
function ChannelChips({ chosen, onAdd }: { chosen: string; onAdd: (name: string) => void }) {
	const named = chosen.split(",").map((x) => x.trim())
	const left = (channelStates.value ?? []).filter((c) => !named.includes(c.name)).slice(0, mostChips)
	return (
		<div class="chips">
			{left.map((c) => (
				<button key={c.name} type="button" class="chip" onClick={() => onAdd(c.name)}>
					+ <span class="clipname">{c.name}</span>
				</button>
			))}
		</div>
	)
}
