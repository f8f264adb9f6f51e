import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"
import { t } from "../i18n/text"
import { Button } from "./button"

/** A dialog over the page, for what cannot be undone or must be answered. The focus stays in it and goes back afterwards. */
export function Dialog({ title, children, footer, onClose, wide, noClose }: { title: string; children: ComponentChildren; footer?: ComponentChildren; onClose: () => void; wide?: boolean; noClose?: boolean }) {
	const box = useRef<HTMLDialogElement>(null)
	useEffect(() => {
		const before = document.activeElement as HTMLElement | null
		box.current?.showModal()
		return () => before?.focus?.()
	}, [])
	return (
		<dialog
			ref={box}
			class={wide ? "wide" : undefined}
			aria-label={title}
			onCancel={(e) => {
				e.preventDefault()
				if (!noClose) onClose()
			}}
			onClick={(e) => {
				if (!noClose && e.target === box.current) onClose()
			}}
			onKeyDown={keepFocus}
		>
			<div class="dialogbox">
				<header>
					<h2>{title}</h2>
					{!noClose && <Button kind="quiet" icon="x" label={t("action.close")} onClick={onClose} class="push" />}
				</header>
				<div class="body">{children}</div>
				{footer && <footer>{footer}</footer>}
			</div>
		</dialog>
	)
}

/** Tab goes round within the dialog instead of out to the browser. */
export function keepFocus(e: KeyboardEvent): void {
	if (e.key !== "Tab") return
	const all = [...(e.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("a[href],button:not(:disabled),input:not(:disabled),select:not(:disabled),textarea:not(:disabled),summary,[tabindex='0']")].filter((x) => x.offsetParent !== null)
	const first = all[0]
	const last = all[all.length - 1]
	if (e.shiftKey && document.activeElement === first) {
		e.preventDefault()
		last?.focus()
	} else if (!e.shiftKey && document.activeElement === last) {
		e.preventDefault()
		first?.focus()
	}
}
