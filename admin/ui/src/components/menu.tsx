import type { ComponentChildren } from "preact"
import { useId, useRef } from "preact/hooks"
import { Button, type ButtonProps } from "./button"
import { Icon } from "./icon"
import type { IconName } from "./icons"

export interface MenuItem {
	text: ComponentChildren
	icon?: IconName
	danger?: boolean
	disabled?: boolean
	checked?: boolean
	run: () => unknown
}

/** Places a popover below its button, within the window: from its left side, or where there is no room from its right. */
export function placeBelow(popover: HTMLElement, anchor: HTMLElement): void {
	const a = anchor.getBoundingClientRect()
	const p = popover.getBoundingClientRect()
	const left = a.left + p.width <= innerWidth - 8 ? a.left : Math.max(8, Math.min(a.right, innerWidth - 8) - p.width)
	const top = a.bottom + 4 + p.height > innerHeight && a.top > p.height + 4 ? a.top - p.height - 4 : a.bottom + 4
	popover.style.left = `${left}px`
	popover.style.top = `${top}px`
}

/** A button that opens something small beside it. */
export function Popover({ button, children, label, onOpen, class: more }: { button: Omit<ButtonProps, "onClick">; children: (close: () => void) => ComponentChildren; label?: string; onOpen?: () => void; class?: string }) {
	const id = useId()
	const box = useRef<HTMLDivElement>(null)
	const anchor = useRef<HTMLSpanElement>(null)
	const close = () => box.current?.hidePopover()
	return (
		<span class="popanchor" ref={anchor}>
			<Button {...button} onClick={() => box.current?.togglePopover()} />
			<div
				id={id}
				ref={box}
				popover="auto"
				class={"pop" + (more ? " " + more : "")}
				aria-label={label}
				onToggle={(e) => {
					if ((e as unknown as ToggleEvent).newState !== "open" || !box.current || !anchor.current) return
					placeBelow(box.current, anchor.current)
					box.current.querySelector<HTMLElement>("button:not(:disabled),a,input,select")?.focus()
					onOpen?.()
				}}
			>
				{children(close)}
			</div>
		</span>
	)
}

/** A menu of things to do. Arrow keys move, Escape closes. */
export function Menu({ button, items }: { button: Omit<ButtonProps, "onClick">; items: readonly MenuItem[] }) {
	const move = (e: KeyboardEvent) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[e.key]
		if (!step) return
		e.preventDefault()
		const all = [...(e.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("button:not(:disabled)")]
		all[(all.indexOf(document.activeElement as HTMLElement) + step + all.length) % all.length]?.focus()
	}
	return (
		<Popover button={button}>
			{(close) => (
				<div role="menu" class="menu" onKeyDown={move}>
					{items.map((x, i) => (
						<button
							key={i}
							type="button"
							role={x.checked === undefined ? "menuitem" : "menuitemradio"}
							aria-checked={x.checked}
							disabled={x.disabled}
							class={x.danger ? "danger" : undefined}
							onClick={() => {
								close()
								void x.run()
							}}
						>
							{x.checked !== undefined ? <Icon name="check" small class={x.checked ? "" : "gone"} /> : x.icon && <Icon name={x.icon} small />}
							<span>{x.text}</span>
						</button>
					))}
				</div>
			)}
		</Popover>
	)
}
