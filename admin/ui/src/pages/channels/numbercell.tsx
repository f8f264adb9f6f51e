import { useState } from "preact/hooks"
import { toastError } from "../../components/toast"

/** A number that is changed where it stands: Enter or leaving it saves, Escape does not. */
export function NumberCell({ value, min, max, label, onSave }: { value: number; min: number; max: number; label: string; onSave: (value: number) => Promise<void> }) {
	const [text, setText] = useState<string | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const shown = text ?? String(value)
	const valid = /^-?\d+$/.test(shown.trim()) && Number(shown) >= min && Number(shown) <= max
	const save = async () => {
		if (text === undefined || busy) return
		if (!valid || Number(text) === value) {
			if (valid || text.trim() === "") setText(undefined)
			return
		}
		setBusy(true)
		try {
			await onSave(Number(text))
			setText(undefined)
		} catch (problem) {
			toastError(problem)
		} finally {
			setBusy(false)
		}
	}
	return (
		<input
			class={"ed" + (valid ? "" : " bad")}
			type="text"
			inputMode="numeric"
			value={shown}
			aria-label={label}
			aria-invalid={!valid || undefined}
			aria-busy={busy || undefined}
			title={valid ? undefined : `${min} – ${max}`}
			onFocus={(e) => e.currentTarget.select()}
			onInput={(e) => setText(e.currentTarget.value)}
			onBlur={save}
			onKeyDown={(e) => {
				if (e.key === "Enter") {
					e.preventDefault()
					void save()
				} else if (e.key === "Escape") {
					e.preventDefault()
					e.stopPropagation()
					setText(undefined)
				}
			}}
		/>
	)
}
