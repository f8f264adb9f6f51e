import type { ComponentChildren } from "preact"
import { useId } from "preact/hooks"
import type { ApiError } from "../api/problem"
import { Icon } from "./icon"

interface Common {
	label: ComponentChildren
	/** Beside the label, quieter. */
	hint?: ComponentChildren
	/** Below the field: what it means, from the catalogue. */
	help?: ComponentChildren
	/** What is wrong with it, as the server says. */
	error?: string
}

/** The part of an error that belongs to a field of this name. */
export const errorAt = (error: ApiError | undefined, name: string): string | undefined =>
	error?.field === name || error?.field?.startsWith(name + ".") || error?.field?.startsWith(name + "[") ? error.message : undefined

/** A label, a control, and what is said of it. The control gets the ids that tie them together. */
export function Field({ label, hint, help, error, children }: Common & { children: (ids: { id: string; describedBy: string | undefined; bad: boolean }) => ComponentChildren }) {
	const id = useId()
	const about = id + "a"
	return (
		<div class="field">
			<label for={id}>
				{label}
				{hint && <span class="t3">{hint}</span>}
			</label>
			{children({ id, describedBy: error || help ? about : undefined, bad: Boolean(error) })}
			{error ? (
				<span class="err" id={about} role="alert">
					<Icon name="failed" small />
					<span>{error}</span>
				</span>
			) : (
				help && <span class="help" id={about}>{help}</span>
			)}
		</div>
	)
}

export interface TextProps extends Common {
	value: string
	onInput: (value: string) => void
	unit?: ComponentChildren
	/** What counts if it is empty. */
	placeholder?: string
	type?: "text" | "password" | "search" | "url" | "number" | "date" | "time" | "datetime-local"
	mono?: boolean
	large?: boolean
	/** Lines; more than one makes it a text area. */
	rows?: number
	disabled?: boolean
	required?: boolean
	autoComplete?: string
	autoFocus?: boolean
	min?: number
	max?: number
	step?: number | "any"
	name?: string
	list?: readonly string[]
	/** Gets the whole text when several lines are pasted into a field of one line. */
	onPaste?: (text: string) => void
}

/** A field for text or a number. */
export function TextField(p: TextProps) {
	return (
		<Field label={p.label} hint={p.hint} help={p.help} error={p.error}>
			{({ id, describedBy, bad }) => {
				const common = {
					id, "aria-describedby": describedBy, "aria-invalid": bad || undefined, value: p.value, placeholder: p.placeholder,
					disabled: p.disabled, required: p.required, autoComplete: p.autoComplete ?? "off", autoFocus: p.autoFocus, name: p.name, spellcheck: false,
					onPaste: (e: ClipboardEvent) => {
						const text = e.clipboardData?.getData("text") ?? ""
						if (!p.onPaste || !text.trim().includes("\n")) return
						e.preventDefault()
						p.onPaste((p.value + "\n" + text).trim())
					},
					onInput: (e: Event) => p.onInput((e.currentTarget as HTMLInputElement).value),
				}
				const look = "in" + (p.mono ? " mono" : "") + (p.large ? " tallin" : "") + (bad ? " bad" : "")
				return p.rows && p.rows > 1 ? (
					<span class={look + " area"}>
						<textarea {...common} rows={p.rows} />
					</span>
				) : (
					<span class={look}>
						<input {...(common as object)} {...({ type: p.type ?? "text", min: p.min, max: p.max, step: p.step, list: p.list ? id + "l" : undefined } as object)} />
						{p.unit && <span class="unit">{p.unit}</span>}
						{p.list && <datalist id={id + "l"}>{p.list.map((v) => <option key={v} value={v} />)}</datalist>}
					</span>
				)
			}}
		</Field>
	)
}

/** One of several values. */
export function SelectField(p: Common & { value: string; onChange: (value: string) => void; options: readonly { value: string; text: string }[]; disabled?: boolean }) {
	return (
		<Field label={p.label} hint={p.hint} help={p.help} error={p.error}>
			{({ id, describedBy, bad }) => (
				<span class={"in sel" + (bad ? " bad" : "")}>
					<select id={id} aria-describedby={describedBy} aria-invalid={bad || undefined} disabled={p.disabled} value={p.value} onChange={(e) => p.onChange(e.currentTarget.value)}>
						{p.options.map((o) => <option key={o.value} value={o.value}>{o.text}</option>)}
					</select>
					<Icon name="down" small />
				</span>
			)}
		</Field>
	)
}

/** On or off. */
export function Switch({ label, on, onChange, help, disabled, hideLabel }: { label: string; on: boolean; onChange: (on: boolean) => void; help?: ComponentChildren; disabled?: boolean; hideLabel?: boolean }) {
	const id = useId()
	return (
		<span class="switchrow">
			<button type="button" role="switch" class={"switch" + (on ? " on" : "")} aria-checked={on} aria-label={hideLabel ? label : undefined} aria-labelledby={hideLabel ? undefined : id} disabled={disabled} onClick={() => onChange(!on)}>
				<i />
			</button>
			{!hideLabel && (
				<span>
					<span id={id}>{label}</span>
					{help && <span class="help">{help}</span>}
				</span>
			)}
		</span>
	)
}

/** A box to tick. */
export function Checkbox({ label, on, onChange, some, hideLabel }: { label: string; on: boolean; onChange: (on: boolean) => void; some?: boolean; hideLabel?: boolean }) {
	return (
		<label class="check">
			<input type="checkbox" checked={on} ref={(e) => void (e && (e.indeterminate = Boolean(some) && !on))} onChange={(e) => onChange(e.currentTarget.checked)} />
			<span class={hideLabel ? "sr" : undefined}>{label}</span>
		</label>
	)
}
