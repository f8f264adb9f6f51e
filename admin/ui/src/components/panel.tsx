import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"
import { t } from "../i18n/text"
import { Button } from "./button"

/** A list with a panel beside it; below 1100 px the panel lies over the list. */
export function WithPanel({ panel, children }: { panel: ComponentChildren; children: ComponentChildren }) {
	return (
		<div class={panel ? "withpanel" : undefined}>
			<div class="page">{children}</div>
			{panel}
		</div>
	)
}

/** A side panel. Escape closes it, and the focus goes back to where it came from. */
export function Panel({ title, state, actions, children, footer, onClose, onSubmit }: { title: ComponentChildren; state?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; footer?: ComponentChildren; onClose: () => void; onSubmit?: () => unknown }) {
	const box = useRef<HTMLElement>(null)
	useEffect(() => {
		const before = document.activeElement as HTMLElement | null
		box.current?.focus({ preventScroll: true })
		return () => before?.focus?.({ preventScroll: true })
	}, [])
	const inner = (
		<>
			<header>
				<h2>{title}</h2>
				{state}
				<span class="push chips">
					{actions}
					<Button kind="quiet" icon="x" label={t("action.close")} onClick={onClose} />
				</span>
			</header>
			<div class="body">{children}</div>
			{footer && <footer>{footer}</footer>}
		</>
	)
	return (
		<aside
			class="panel"
			ref={box}
			tabIndex={-1}
			onKeyDown={(e) => {
				if (e.key !== "Escape" || e.defaultPrevented || (e.target as Element).closest("[popover]:popover-open,dialog")) return
				e.preventDefault()
				onClose()
			}}
		>
			{onSubmit ? (
				<form
					class="panelform"
					noValidate
					onSubmit={(e) => {
						e.preventDefault()
						void onSubmit()
					}}
				>
					{inner}
				</form>
			) : (
				inner
			)}
		</aside>
	)
}

/** More fields, folded away. */
export function More({ summary, children, open }: { summary: ComponentChildren; children: ComponentChildren; open?: boolean }) {
	return (
		<details class="more" open={open}>
			<summary class="disc">
				<span>{t("action.more")}</span>
				<span class="t3">{summary}</span>
			</summary>
			<div class="morebody">{children}</div>
		</details>
	)
}
