import { useEffect, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { refreshChannels } from "../../api/live"
import { type ApiError, asProblem } from "../../api/problem"
import type { ConfigCooldownRule, RulesAnswer } from "../../api/types"
import { Button } from "../../components/button"
import { SelectField, TextField } from "../../components/field"
import { Empty, Note } from "../../components/notice"
import { problemText } from "../../components/problemtext"
import { Countdown } from "../../components/state"
import { toast } from "../../components/toast"
import { t, tCode } from "../../i18n/text"
import type { Row } from "./data"
import { durationText } from "./form"

interface Draft {
	status: string
	body: string
	scope: string
	for: string
	layout: string
	zone: string
}

const draftOf = (r: ConfigCooldownRule): Draft => ({ status: (r.status ?? []).join(" "), body: r.body ?? "", scope: r.scope || "key", for: durationText(r.for), layout: r.layout ?? "", zone: r.zone ?? "" })

const ruleOf = (d: Draft): ConfigCooldownRule => {
	const status = d.status.split(/[\s,]+/).filter(Boolean).map(Number)
	return { ...(status.length > 0 ? { status } : {}), ...(d.body ? { body: d.body } : {}), scope: d.scope, ...(d.for.trim() ? { for: d.for.trim() } : {}), ...(d.layout ? { layout: d.layout } : {}), ...(d.zone ? { zone: d.zone } : {}) }
}

/** Rules that are tried before the built-in ones, and a tester for them. */
export function CooldownRules({ row }: { row: Row }) {
	const stored = row.config.cooldown_rules ?? []
	const text = JSON.stringify(stored)
	const [drafts, setDrafts] = useState(() => stored.map(draftOf))
	const [base, setBase] = useState(text)
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const dirty = JSON.stringify(drafts) !== JSON.stringify((JSON.parse(base) as ConfigCooldownRule[]).map(draftOf))
	useEffect(() => {
		if (text === base) return
		setBase(text)
		if (!dirty) setDrafts(stored.map(draftOf))
	}, [text])
	const set = (i: number, part: Partial<Draft>) => {
		setDrafts(drafts.map((d, n) => (n === i ? { ...d, ...part } : d)))
		setError(undefined)
	}
	const move = (i: number, to: number) => {
		const next = [...drafts]
		next.splice(to, 0, ...next.splice(i, 1))
		setDrafts(next)
	}
	const save = async () => {
		setBusy(true)
		try {
			const rules = drafts.map(ruleOf)
			const saved = await ask("PATCH channels/{name}", { path: { name: row.name }, body: { cooldown_rules: rules.length > 0 ? rules : null } })
			setBase(JSON.stringify(saved.cooldown_rules ?? []))
			setDrafts((saved.cooldown_rules ?? []).map(draftOf))
			refreshChannels()
			toast(t("ch.saved", { name: row.name }))
		} catch (e) {
			setError(asProblem(e))
		} finally {
			setBusy(false)
		}
	}
	return (
		<section class="sec">
			<header class="head">
				<h2>{t("ch.rules")}</h2>
				<span class="sub">{t("ch.rulesHelp")}</span>
			</header>
			<div class="two even">
				<div class="stacked">
					{drafts.length === 0 && <Empty title={t("ch.noRules")}>{t("ch.noRulesHelp")}</Empty>}
					{drafts.map((d, i) => (
						<fieldset class="rule" key={i} disabled={row.declared}>
							<legend>
								{t("ch.ruleN", { n: i + 1 })}
								{!row.declared && (
									<span class="push">
										<Button size="s" kind="quiet" icon="down" class="turned" disabled={i === 0} label={t("ch.up", { name: String(i + 1) })} onClick={() => move(i, i - 1)} />
										<Button size="s" kind="quiet" icon="trash" label={t("action.remove")} onClick={() => setDrafts(drafts.filter((_, n) => n !== i))} />
									</span>
								)}
							</legend>
							<div class="pair">
								<TextField label={t("ch.ruleStatus")} value={d.status} onInput={(v) => set(i, { status: v })} placeholder={t("ch.any")} />
								<SelectField label={t("ch.ruleScope")} value={d.scope} onChange={(v) => set(i, { scope: v })} options={["key", "model", "channel"].map((s) => ({ value: s, text: tCode("ch.scope", s) }))} />
							</div>
							<TextField label={t("ch.ruleBody")} mono value={d.body} onInput={(v) => set(i, { body: v })} placeholder="resets at (?P<reset>.+)" />
							<div class="triple">
								<TextField label={t("ch.ruleFor")} value={d.for} onInput={(v) => set(i, { for: v })} placeholder="10m" />
								<TextField label={t("ch.ruleLayout")} value={d.layout} onInput={(v) => set(i, { layout: v })} placeholder="RFC 3339" list={["unix", "unix_ms", "seconds", "time_of_day"]} />
								<TextField label={t("ch.ruleZone")} value={d.zone} onInput={(v) => set(i, { zone: v })} placeholder="UTC" />
							</div>
						</fieldset>
					))}
					{error && <span class="err" role="alert">{problemText(error)}</span>}
					{!row.declared && (
						<div class="chips">
							<Button icon="plus" onClick={() => setDrafts([...drafts, { status: "", body: "", scope: "key", for: "10m", layout: "", zone: "" }])}>{t("ch.addRule")}</Button>
							<Button kind="primary" busy={busy} disabled={!dirty} onClick={save}>{t("ch.saveRules")}</Button>
						</div>
					)}
				</div>
				<RulesTester drafts={drafts} />
			</div>
		</section>
	)
}

/** Paste an answer and see what the rules, as they stand in the form, would do. */
function RulesTester({ drafts }: { drafts: readonly Draft[] }) {
	const [status, setStatus] = useState("429")
	const [body, setBody] = useState('{"error":{"message":"Limit exceeded, resets at 2030-01-01T00:00:00Z"}}')
	const [retryAfter, setRetryAfter] = useState("")
	const [answer, setAnswer] = useState<RulesAnswer | undefined>(undefined)
	const [error, setError] = useState<string | undefined>(undefined)
	const run = async () => {
		setError(undefined)
		try {
			setAnswer(await ask("POST rules/test", { body: { rules: drafts.map(ruleOf), status: Number(status), body, header: retryAfter ? { "Retry-After": retryAfter } : undefined } }))
		} catch (e) {
			setAnswer(undefined)
			const problem = asProblem(e)
			setError(problem && problemText(problem))
		}
	}
	return (
		<div class="tester">
			<div class="pair">
				<TextField label={t("ch.answerStatus")} value={status} onInput={setStatus} />
				<TextField label="Retry-After" value={retryAfter} onInput={setRetryAfter} unit={t("ch.unit.seconds")} />
			</div>
			<TextField label={t("ch.answerBody")} mono rows={4} value={body} onInput={setBody} error={error} />
			<div><Button icon="play" onClick={run}>{t("ch.tryIt")}</Button></div>
			{answer && (
				<Note icon={answer.outcome.kind === "ok" ? "ready" : "resting"} state={answer.outcome.kind === "ok" ? "ready" : "resting"}>
					<b>{answer.rule ? t("ch.ruleDecides", { n: answer.rule }) : t("ch.noRuleDecides")}</b>
					<dl class="kv">
						<Verdict name={t("ch.withRules")} of={answer.outcome} />
						{answer.rule ? <Verdict name={t("ch.withoutRules")} of={answer.without} /> : null}
					</dl>
				</Note>
			)}
		</div>
	)
}

function Verdict({ name, of: o }: { name: string; of: RulesAnswer["outcome"] }) {
	return (
		<>
			<dt>{name}</dt>
			<dd>
				{tCode("kind", o.kind)}
				{o.kind !== "ok" && <> → {tCode("ch.scope", o.scope)}</>}
				{o.until && <> · <Countdown until={o.until} /></>}
				{o.kind !== "ok" && <span class="t3"> · {t(o.retry ? "ch.triesOther" : "ch.triesNoOther")}</span>}
			</dd>
		</>
	)
}
