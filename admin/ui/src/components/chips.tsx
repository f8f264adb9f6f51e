import type { ComponentChildren } from "preact"
import { t } from "../i18n/text"
import { Icon } from "./icon"

export function Chips({ children, label }: { children: ComponentChildren; label?: string }) {
	return <div class="chips" role={label ? "group" : undefined} aria-label={label}>{children}</div>
}

/** A filter that is on or off, as a link: its state is in the address. */
export function FilterChip({ href, on, children }: { href: string; on: boolean; children: ComponentChildren }) {
	return <a class={"chip" + (on ? " on" : "")} href={href} aria-current={on ? "true" : undefined}>{children}</a>
}

/** A value that was chosen and can be taken away. */
export function ValueChip({ name, children, onRemove }: { name?: string; children: ComponentChildren; onRemove: () => void }) {
	return (
		<span class="chip on">
			{name && <span>{name}</span>}
			<b>{children}</b>
			<button type="button" class="close" aria-label={t("action.remove")} onClick={onRemove}>
				<Icon name="x" small />
			</button>
		</span>
	)
}
