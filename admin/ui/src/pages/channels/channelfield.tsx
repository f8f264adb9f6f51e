import { SelectField, Switch, TextField } from "../../components/field"
import { lang, t, tCode, type Key } from "../../i18n/text"
import type { Catalogue } from "../../api/types"
import { type FieldId, fields, type Form } from "./form"

/** How fields look that are more than a line of text. */
const looks: Partial<Record<FieldId, { rows?: number; mono?: boolean; unit?: Key; placeholder?: string; kind?: "switch" | "select" }>> = {
	urls: { rows: 2, mono: true, placeholder: "https://api.example.com" },
	models: { rows: 2, mono: true, placeholder: "*" },
	model_names: { rows: 2, mono: true, placeholder: "gpt-5 = openai/gpt-5" },
	priority: { placeholder: "0" },
	weight: { placeholder: "1", unit: "ch.unit.keys" },
	rpm: { unit: "ch.unit.perMinute", placeholder: "∞" },
	tpm: { unit: "ch.unit.perMinute", placeholder: "∞" },
	max_concurrency: { placeholder: "∞" },
	day: { unit: "ch.unit.perDay", placeholder: "∞" },
	month: { unit: "ch.unit.perMonth", placeholder: "∞" },
	total: { unit: "ch.unit.total", placeholder: "∞" },
	cost_multiplier: { placeholder: "1", unit: "ch.unit.times" },
	hours: { placeholder: "22:00-06:00 Europe/Berlin" },
	header_up: { rows: 2, mono: true, placeholder: "X-Name: value" },
	body_set: { rows: 2, mono: true, placeholder: "temperature = 1" },
	body_remove: { rows: 2, mono: true, placeholder: "metadata" },
	check: { placeholder: "5m claude-haiku-4-5" },
	proxy: { mono: true, placeholder: "socks5://127.0.0.1:1080" },
	protocols: { placeholder: "anthropic openai" },
	auth: { kind: "select" },
	provider: { kind: "select" },
	no_include_usage: { kind: "switch" },
	allow_private_addresses: { kind: "switch" },
	tls_insecure_skip_verify: { kind: "switch" },
	disabled: { kind: "switch" },
}

const authStyles = ["bearer", "x-api-key", "x-goog-api-key", "api-key", "none"]

export interface ChannelFieldProps {
	id: FieldId
	form: Form
	set: (id: FieldId, value: string) => void
	error?: string
	catalogue: Catalogue | undefined
	disabled?: boolean
	hint?: string
	autoFocus?: boolean
	/** In place of what the docs say. */
	help?: string
	noHelp?: boolean
}

/** One setting of a channel, with what it means. */
export function ChannelField({ id, form, set, error, catalogue, disabled, hint, autoFocus, help, noHelp }: ChannelFieldProps) {
	const look = looks[id] ?? {}
	const label = t(`chf.${id}` as Key)
	const said = noHelp ? undefined : (help ?? helpOf(id, catalogue))
	const value = form[id]
	if (look.kind === "switch") return <Switch label={label} on={value !== ""} disabled={disabled} onChange={(on) => set(id, on ? "1" : "")} help={error ?? said} />
	if (look.kind === "select") {
		const options = id === "auth" ? [{ value: "", text: t("ch.asProvider") }, ...authStyles.map((x) => ({ value: x, text: x }))] : [{ value: "", text: t("ch.ownAddress") }, ...(catalogue?.providers ?? []).map((p) => ({ value: p.name, text: p.title ?? p.name }))]
		if (value && !options.some((o) => o.value === value)) options.push({ value, text: value })
		return <SelectField label={label} hint={hint} value={value} onChange={(v) => set(id, v)} options={options} disabled={disabled} error={error} help={said} />
	}
	return (
		<TextField
			label={label} hint={hint} value={value} onInput={(v) => set(id, v)} error={error} help={said} disabled={disabled} autoFocus={autoFocus} name={id}
			rows={look.rows && Math.max(look.rows, Math.min(8, value.split("\n").length))} mono={look.mono} unit={look.unit && t(look.unit)} placeholder={look.placeholder}
		/>
	)
}

/** What a setting means, in the viewer's words; in English the docs of the program where we have none. */
function helpOf(id: FieldId, catalogue: Catalogue | undefined): string | undefined {
	const own = tCode("chh", id)
	if (own !== id.replaceAll("_", " ")) return own
	if (lang.value !== "en") return undefined
	const doc = catalogue?.channel?.find((o) => o.name === fields[id].name)?.doc
	return doc?.split("\n\n")[0]?.replace(/\s+/g, " ")
}
