import { ask } from "../../api/client"
import { refreshChannels } from "../../api/live"
import { useState } from "preact/hooks"
import { ApiError, asProblem } from "../../api/problem"
import { muteChannel, wakeChannel } from "../../components/channelactions"
import { ChannelStateCell } from "../../components/channelcells"
import { Button } from "../../components/button"
import { TextField } from "../../components/field"
import { addressFor, keysOf, nameFor, providerOf } from "../../components/guess"
import { Failure, Note } from "../../components/notice"
import { More, Panel } from "../../components/panel"
import { toast } from "../../components/toast"
import { listOf } from "../../i18n/format"
import { t, type Key } from "../../i18n/text"
import { href, setQuery } from "../../shell/router"
import { Caddyfile } from "./caddyfile"
import { useCatalogue } from "./catalogue"
import { ChannelField } from "./channelfield"
import type { Row } from "./data"
import { emptyForm, fieldIds, fieldOf, FieldError, type FieldId, type Form, formOf, patchOf, withoutNulls } from "./form"
import { askRemoval } from "./removal"
import { dropDraft, errorText, keepDraft, useChannelForm } from "./useform"

const few: readonly FieldId[] = ["name", "provider", "urls", "models", "priority", "weight", "rpm", "day"]
const more: readonly FieldId[] = ["group", "protocols", "auth", "model_names", "tpm", "max_concurrency", "month", "total", "cost_multiplier", "hours", "check", "proxy", "header_up", "body_set", "body_remove", "no_include_usage", "allow_private_addresses", "tls_insecure_skip_verify", "disabled"]
const pairs: readonly (readonly [FieldId, FieldId])[] = [["priority", "weight"], ["rpm", "day"], ["tpm", "max_concurrency"], ["month", "total"]]

export function EditPanel({ row, copy, rows, onClose }: { row: Row | undefined; copy?: Row; rows: readonly Row[]; onClose: () => void }) {
	if (!row) return <NewPanel copy={copy} taken={rows.map((r) => r.name)} onClose={onClose} />
	if (row.declared) return <DeclaredPanel row={row} onClose={onClose} />
	return <StoredPanel row={row} onClose={onClose} />
}

interface FieldsProps {
	ids: readonly FieldId[]
	form: Form
	set: (id: FieldId, value: string) => void
	errorOf: (id: FieldId) => string | undefined
	hintOf?: (id: FieldId) => string | undefined
	disabled?: boolean
}

/** Fields below each other, short ones in pairs. */
function Fields({ ids, form, set, errorOf, hintOf, disabled }: FieldsProps) {
	const catalogue = useCatalogue()
	const one = (id: FieldId) => <ChannelField key={id} id={id} form={form} set={set} error={errorOf(id)} hint={hintOf?.(id)} catalogue={catalogue} disabled={disabled} noHelp={few.includes(id) && id !== "urls"} />
	return (
		<>
			{ids.map((id) => {
				const pair = pairs.find((p) => p.includes(id))
				if (!pair) return one(id)
				return pair[0] === id ? <div class="pair" key={id}>{one(pair[0])}{one(pair[1])}</div> : null
			})}
		</>
	)
}

function StoredPanel({ row, onClose }: { row: Row; onClose: () => void }) {
	const f = useChannelForm(row.config)
	const [keyText, setKeyText] = useState("")
	const [busy, setBusy] = useState(false)
	const keys = keysOf(keyText)
	const dirty = f.dirty || keys.length > 0
	const close = () => {
		if (f.dirty) {
			keepDraft(row.name, f.form, f.base)
			toast(t("ch.kept", { name: row.name }), () => setQuery({ edit: row.name }))
		}
		onClose()
	}
	const save = async () => {
		if (busy) return
		setBusy(true)
		try {
			if (keys.length > 0) {
				const done = await ask("POST channels/{name}/keys", { path: { name: f.base.name }, body: { add: keys.map((key) => ({ key })) } })
				setKeyText("")
				refreshChannels()
				toast(t("ch.keysAdded", { n: done.added?.length ?? 0, doubles: done.doubles }))
			}
			if (f.dirty) {
				const saved = await f.save()
				if (!saved) return
				toast(t("ch.saved", { name: saved.name }))
				if (saved.name !== row.name) setQuery({ edit: saved.name }, true)
			}
		} catch (e) {
			f.setError(asProblem(e))
		} finally {
			setBusy(false)
		}
	}
	const failed = (row.channel?.cooling ?? []).find((e) => e.message)
	const all = (row.config.keys ?? []).length
	const problem = f.error instanceof ApiError && fieldOf(f.error.field) === undefined ? f.error : undefined
	const hidden = f.error && more.includes(f.error instanceof FieldError ? f.error.field : (fieldOf(f.error.field) ?? "name"))
	return (
		<Panel
			title={<span class="clipped" dir="auto">{row.name}</span>}
			state={<span class="panelstate"><ChannelStateCell state={{ ...row.state, why: "" }} /></span>}
			actions={
				<>
					{row.state.until && row.state.tone === "resting" && <Button size="s" onClick={() => wakeChannel(row.name)}>{t("action.wake")}</Button>}
					<a class="btn s" href={href(["channels", row.name])}>{t("action.open")}</a>
				</>
			}
			onClose={close}
			onSubmit={save}
			footer={
				<>
					<Button kind="primary" submit busy={busy} disabled={!dirty}>{t("action.save")}</Button>
					<span class="small t3">{dirty ? t("ch.appliesAtOnce") : t("ch.nothingChanged")}</span>
					<span class="push chips">
						<Button kind="quiet" onClick={() => muteChannel(row.name, !row.config.disabled)}>{t(row.config.disabled ? "action.unmute" : "action.mute")}</Button>
						<Button kind="danger" class="quiet" onClick={() => askRemoval([row.name])}>{t("action.delete")}</Button>
					</span>
				</>
			}
		>
			{row.state.why && failed && (
				<Note state={row.state.tone === "failed" ? "failed" : "resting"} icon={row.state.icon}>
					<b>{row.state.why}</b>
					<div class="small">{failed.message}</div>
				</Note>
			)}
			{f.others && (
				<Note state="resting" icon="user">
					<b>{t("ch.othersTitle")}</b>
					<div class="small">
						{f.others.length > 0 && t("ch.othersChanged", { fields: listOf(f.others.map((id) => t(`chf.${id}` as Key))) })} {f.theirs.length > 0 ? t("ch.othersClash", { fields: listOf(f.theirs.map((id) => t(`chf.${id}` as Key))) }) : t("ch.othersKept")}
					</div>
					<Button size="s" onClick={f.takeTheirs}>{t("ch.takeTheirs")}</Button>
				</Note>
			)}
			{problem && <Failure error={problem} />}
			<Fields ids={few.slice(0, 3)} form={f.form} set={f.set} errorOf={f.errorOf} />
			<TextField
				label={t("ch.addKeys")} hint={t("ch.keysStored", { n: all })} mono rows={2} value={keyText} onInput={setKeyText} placeholder={t("ch.addKeysPlaceholder")}
				error={f.error instanceof ApiError && /keys|add/.test(f.error.field ?? "") ? f.error.message : undefined}
				help={<>{keys.length > 1 && <b>{t("ch.keysFound", { n: keys.length })} </b>}<a class="link" href={href(["channels", row.name], { tab: "keys" })}>{t("ch.manageKeys")}</a></>}
			/>
			<Fields ids={few.slice(3)} form={f.form} set={f.set} errorOf={f.errorOf} />
			<More summary={t("ch.moreFields", { n: more.length })} open={hidden || undefined}>
				<Fields ids={more} form={f.form} set={f.set} errorOf={f.errorOf} />
				<p class="small"><a class="link" href={href(["channels", row.name], { tab: "limits" })}>{t("ch.rulesLink")}</a></p>
			</More>
		</Panel>
	)
}

function DeclaredPanel({ row, onClose }: { row: Row; onClose: () => void }) {
	const form = formOf(row.config)
	const set = [...few, ...more].filter((id) => form[id] !== "" && id !== "name")
	return (
		<Panel title={<span class="clipped" dir="auto">{row.name}</span>} state={<span class="panelstate"><ChannelStateCell state={{ ...row.state, why: "" }} /></span>} actions={<a class="btn s" href={href(["channels", row.name])}>{t("action.open")}</a>} onClose={onClose}>
			<Caddyfile config={row.config} />
			<dl class="kv">
				{set.map((id) => [<dt key={id}>{t(`chf.${id}` as Key)}</dt>, <dd key={id + "v"} class="prewrap">{form[id] === "1" && typeof row.config[id as "disabled"] === "boolean" ? t("ch.yes") : form[id]}</dd>])}
			</dl>
		</Panel>
	)
}

function NewPanel({ copy, taken, onClose }: { copy: Row | undefined; taken: readonly string[]; onClose: () => void }) {
	const kept = "\n" + (copy?.name ?? "")
	const catalogue = useCatalogue()
	const [form, setForm] = useState<Form>(() => {
		const begun = newDrafts.get(kept)
		return begun ?? (copy ? { ...formOf(copy.config), name: "", header_up: "" } : emptyForm())
	})
	const [keyText, setKeyText] = useState("")
	const [error, setError] = useState<ApiError | FieldError | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const keys = keysOf(keyText)
	const guessed = !form.provider && !form.urls.trim() && keys[0] ? providerOf(keys[0], catalogue?.providers ?? []) : undefined
	const provider = form.provider || guessed?.name || ""
	const address = addressFor(form.urls.trim().split(/\s/)[0] ?? "")
	const name = form.name.trim() || (provider || address ? nameFor(provider || undefined, address, taken) : "")
	const set = (id: FieldId, value: string) => {
		setForm((f) => ({ ...f, [id]: value }))
		setError(undefined)
	}
	const close = () => {
		if (fieldIds.some((id) => form[id] !== "")) newDrafts.set(kept, form)
		onClose()
	}
	const save = async () => {
		if (busy) return
		setBusy(true)
		setError(undefined)
		try {
			const urls = form.urls.split("\n").map((x) => addressFor(x)).join("\n")
			const body = withoutNulls(patchOf({ ...form, urls, name, provider }, { name: "", keys: [] })) as object
			const made = await ask("POST channels", { body: { ...body, keys: keys.map((key) => ({ key })) } })
			newDrafts.delete(kept)
			dropDraft(made.name)
			refreshChannels()
			toast(t("ch.made", { name: made.name }))
			setQuery({ new: null, copy: null, edit: made.name }, true)
		} catch (e) {
			setError(e instanceof FieldError ? e : asProblem(e))
		} finally {
			setBusy(false)
		}
	}
	const errorOf = (id: FieldId) => errorText(error, id)
	const problem = error instanceof ApiError && fieldOf(error.field) === undefined && !/keys/.test(error.field ?? "") ? error : undefined
	const hidden = error && more.includes(error instanceof FieldError ? error.field : (fieldOf(error.field) ?? "name"))
	return (
		<Panel
			title={copy ? t("ch.copyOf", { name: copy.name }) : t("ch.add")}
			onClose={close}
			onSubmit={save}
			footer={
				<>
					<Button kind="primary" submit busy={busy}>{t("ch.make")}</Button>
					{name && <span class="small t3 clipped">{t("welcome.named", { name })}</span>}
				</>
			}
		>
			{problem && <Failure error={problem} />}
			<TextField
				label={t("chf.keys")} mono rows={2} autoFocus value={keyText} onInput={(v) => (setKeyText(v), setError(undefined))} placeholder={t("ch.addKeysPlaceholder")}
				error={error instanceof ApiError && /keys/.test(error.field ?? "") ? error.message : undefined}
				help={<>{guessed && <b class="looks">{t("welcome.looksLike", { name: guessed.title ?? guessed.name })} </b>}{keys.length > 1 && t("ch.keysFound", { n: keys.length })}</>}
			/>
			<Fields ids={["provider", "urls", "name", "models", "priority", "weight", "rpm", "day"]} form={{ ...form, provider }} set={set} errorOf={errorOf} hintOf={(id) => (id === "name" && !form.name ? name : undefined)} />
			<More summary={t("ch.moreFields", { n: more.length })} open={hidden || undefined}>
				<Fields ids={more} form={form} set={set} errorOf={errorOf} />
			</More>
		</Panel>
	)
}

/** Forms of new channels that were closed; keys are not kept. */
const newDrafts = new Map<string, Form>()
