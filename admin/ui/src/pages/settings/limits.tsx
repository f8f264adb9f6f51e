import type { ComponentChildren } from "preact"
import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { ApiError, asProblem } from "../../api/problem"
import { type Resource, useResource } from "../../api/resource"
import type { Sent } from "../../api/sent"
import type { ConfigCapture, ConfigRetention, ConfigSettings, SettingsConfig } from "../../api/types"
import { Button } from "../../components/button"
import { errorAt, Switch, TextField, type TextProps } from "../../components/field"
import { Failure, Loaded, Note } from "../../components/notice"
import { toast } from "../../components/toast"
import { t } from "../../i18n/text"
import { day, fromUnit, GiB, inUnit, KiB, MiB, minute, nanoseconds, SourceMark, sourceOf } from "./source"

type Block = "retention" | "capture"

const useSettings = () => useResource((stop) => ask("GET settings", { signal: stop }), [])

/** Puts one block of the settings; the other stays what it is at this moment. A declared block is never sent. */
async function put(block: Block, value: Sent<ConfigRetention> | Sent<ConfigCapture> | null): Promise<SettingsConfig> {
	const now = await ask("GET settings")
	const declared = now.declared ?? []
	const body: Sent<ConfigSettings> = {}
	if (!declared.includes("retention")) body.retention = block === "retention" ? (value as Sent<ConfigRetention>) : now.retention
	if (!declared.includes("capture")) body.capture = block === "capture" ? (value as Sent<ConfigCapture>) : now.capture
	return ask("PUT settings", { body })
}

/** A form for one block: what differs is saved at once, and the toast takes it back. */
function useBlock<V extends ConfigRetention | ConfigCapture>(block: Block, of: Resource<SettingsConfig>, was: V | null | undefined) {
	const [problem, setProblem] = useState<ApiError | undefined>(undefined)
	const save = async (value: Sent<V> | null) => {
		setProblem(undefined)
		try {
			of.data.value = await put(block, value)
			toast(t("settings.saved"), async () => {
				of.data.value = await put(block, (was as Sent<V>) ?? null)
			})
			return true
		} catch (e) {
			setProblem(asProblem(e))
			return false
		}
	}
	const said = (name: string) => errorAt(problem, `${block}.${name}`) ?? errorAt(problem, name)
	return { problem, said, save }
}

function Declared({ block }: { block: Block }) {
	return (
		<Note icon="file">
			<b>{t("settings.declared")}</b>
			<p class="t2">{t("settings.declaredHelp")} <code>{block}</code></p>
		</Note>
	)
}

export function LogSettings() {
	const settings = useSettings()
	return (
		<section class="sec">
			<header><h2>{t("settings.log")}</h2></header>
			<p class="t2 lead">{t("settings.logHelp")}</p>
			<Loaded of={settings}>{(s) => <Retention key={JSON.stringify(s.retention ?? null)} s={s} of={settings} />}</Loaded>
		</section>
	)
}

function Retention({ s, of }: { s: SettingsConfig; of: Resource<SettingsConfig> }) {
	const { problem, said, save } = useBlock<ConfigRetention>("retention", of, s.retention)
	const start = { age: inUnit(nanoseconds(s.retention?.age), day), bytes: inUnit(s.retention?.bytes ?? undefined, GiB) }
	const [d, setDraft] = useState(start)
	const declared = (s.declared ?? []).includes("retention")
	const sourced = (v: unknown) => (declared ? "declared" : v === undefined || v === null ? "default" : "stored") as "default"
	const submit = () => {
		const age = fromUnit(d.age, day)
		const bytes = fromUnit(d.bytes, GiB)
		return save(age === null && bytes === null ? null : { age, bytes })
	}
	const common = { disabled: declared } satisfies Partial<TextProps>
	return (
		<Form onSubmit={submit} dirty={JSON.stringify(d) !== JSON.stringify(start)} declared={declared}>
			{declared && <Declared block="retention" />}
			{problem && !said("age") && !said("bytes") && <Failure error={problem} />}
			<TextField {...common} label={t("settings.age")} hint={<SourceMark source={sourced(s.retention?.age)} />} value={d.age} onInput={(age) => setDraft({ ...d, age })} unit={t("settings.days")} placeholder={inUnit(nanoseconds(s.defaults.retention?.age), day)} error={said("age")} help={t("settings.zeroOff")} />
			<TextField {...common} label={t("settings.bytes")} hint={<SourceMark source={sourced(s.retention?.bytes)} />} value={d.bytes} onInput={(bytes) => setDraft({ ...d, bytes })} unit="GiB" placeholder={inUnit(s.defaults.retention?.bytes ?? undefined, GiB)} error={said("bytes")} help={t("settings.zeroOff")} />
		</Form>
	)
}

export function CaptureSettings() {
	const settings = useSettings()
	return (
		<section class="sec">
			<header><h2>{t("settings.capture")}</h2></header>
			<p class="t2 lead">{t("settings.captureHelp")}</p>
			<Loaded of={settings}>{(s) => <Capture key={JSON.stringify(s.capture ?? null)} s={s} of={settings} />}</Loaded>
		</section>
	)
}

const names = (typed: string): string[] | null => {
	const list = typed.split(/[,\n]/).map((x) => x.trim()).filter(Boolean)
	return list.length > 0 ? list : null
}

function Capture({ s, of }: { s: SettingsConfig; of: Resource<SettingsConfig> }) {
	const c = s.capture ?? {}
	const { problem, said, save } = useBlock<ConfigCapture>("capture", of, s.capture)
	const start = {
		channels: (c.channels ?? []).join(", "), tokens: (c.tokens ?? []).join(", "),
		age: inUnit(nanoseconds(c.age) || undefined, minute), bytes: inUnit(c.bytes || undefined, MiB), body: inUnit(c.body_bytes || undefined, KiB),
	}
	const [d, setDraft] = useState(start)
	const declared = (s.declared ?? []).includes("capture")
	const sent = (more: Sent<ConfigCapture> = {}): Sent<ConfigCapture> => ({
		enabled: c.enabled, failures_only: c.failures_only, channels: names(d.channels), tokens: names(d.tokens),
		age: fromUnit(d.age, minute), bytes: fromUnit(d.bytes, MiB), body_bytes: fromUnit(d.body, KiB), ...more,
	})
	const fields = ["channels", "tokens", "age", "bytes", "body_bytes"]
	const defaults = s.defaults.capture ?? {}
	const field = (id: keyof typeof start, name: string, label: string, value: unknown, more: Partial<TextProps>) => (
		<TextField label={label} hint={<SourceMark source={sourceOf(s, "capture", value)} />} value={d[id]} onInput={(v) => setDraft({ ...d, [id]: v })} disabled={declared} error={said(name)} {...more} />
	)
	return (
		<Form onSubmit={() => save(sent())} dirty={JSON.stringify(d) !== JSON.stringify(start)} declared={declared}>
			{declared && <Declared block="capture" />}
			{problem && !fields.some(said) && <Failure error={problem} />}
			<Switch label={t("settings.captureOn")} help={t("settings.captureOnHelp")} on={Boolean(c.enabled)} disabled={declared} onChange={(enabled) => void save(sent({ enabled }))} />
			<Switch label={t("settings.failuresOnly")} on={Boolean(c.failures_only)} disabled={declared} onChange={(on) => void save(sent({ failures_only: on }))} />
			{field("channels", "channels", t("settings.captureChannels"), c.channels?.length, { mono: true, placeholder: t("settings.allOfThem"), help: t("tokens.channelsHelp") })}
			{field("tokens", "tokens", t("settings.captureTokens"), c.tokens?.length, { mono: true, placeholder: t("settings.allOfThem"), help: t("tokens.channelsHelp") })}
			<div class="trio">
				{field("age", "age", t("settings.captureAge"), c.age, { unit: t("settings.minutes"), placeholder: inUnit(nanoseconds(defaults.age), minute) })}
				{field("bytes", "bytes", t("settings.captureBytes"), c.bytes, { unit: "MiB", placeholder: inUnit(defaults.bytes, MiB) })}
				{field("body", "body_bytes", t("settings.bodyBytes"), c.body_bytes, { unit: "KiB", placeholder: inUnit(defaults.body_bytes, KiB) })}
			</div>
		</Form>
	)
}

function Form({ children, dirty, declared, onSubmit }: { children: ComponentChildren; dirty: boolean; declared: boolean; onSubmit: () => Promise<unknown> }) {
	const [busy, setBusy] = useState(false)
	return (
		<form
			class="setform" noValidate
			onSubmit={async (e) => {
				e.preventDefault()
				if (busy || !dirty || declared) return
				setBusy(true)
				await onSubmit()
				setBusy(false)
			}}
		>
			{children}
			{!declared && (
				<div class="chips">
					<Button kind="primary" submit busy={busy} disabled={!dirty}>{t("action.save")}</Button>
					<span class="small t3">{t("settings.atOnce")}</span>
				</div>
			)}
		</form>
	)
}
