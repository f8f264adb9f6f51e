import type { ComponentChildren } from "preact"
import { useState } from "preact/hooks"
import { Icon } from "./icon"
import type { IconName } from "./icons"
import { toastError } from "./toast"

export interface ButtonProps {
	children?: ComponentChildren
	icon?: IconName
	kind?: "primary" | "plain" | "quiet" | "danger"
	size?: "s" | "l" | "full"
	/** Names a button that shows only an icon. */
	label?: string
	title?: string
	disabled?: boolean
	busy?: boolean
	submit?: boolean
	pressed?: boolean
	class?: string
	/** While a promise it returns runs, the button is busy; what that throws is told in a toast. */
	onClick?: (e: MouseEvent) => unknown
}

const kinds = { primary: " pri", plain: "", quiet: " quiet", danger: " danger" }
const sizes = { s: " s", l: " big2", full: " full" }

/** A button. One primary at most is seen at a time. */
export function Button(p: ButtonProps) {
	const [running, setRunning] = useState(false)
	const busy = p.busy || running
	const bare = p.icon && !p.children
	const click = async (e: MouseEvent) => {
		if (busy) return
		const result = p.onClick?.(e)
		if (!(result instanceof Promise)) return
		setRunning(true)
		try {
			await result
		} catch (problem) {
			toastError(problem)
		} finally {
			setRunning(false)
		}
	}
	return (
		<button
			type={p.submit ? "submit" : "button"}
			class={"btn" + kinds[p.kind ?? "plain"] + (p.size ? sizes[p.size] : "") + (bare ? " icon" : "") + (p.class ? " " + p.class : "")}
			disabled={p.disabled}
			aria-disabled={busy || undefined}
			aria-busy={busy || undefined}
			aria-label={p.label}
			aria-pressed={p.pressed}
			title={p.title ?? (bare ? p.label : undefined)}
			onClick={click}
		>
			{p.icon && <Icon name={p.icon} small={p.size === "s"} />}
			{p.children}
		</button>
	)
}
