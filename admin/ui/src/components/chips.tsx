import type { ComponentChildren } from "preact"

export function Chips({ children, label }: { children: ComponentChildren; label?: string }) {
	return <div class="chips" role={label ? "group" : undefined} aria-label={label}>{children}</div>
}

/** A filter that is on or off, as a link: its state is in the address. */
export function FilterChip({ href, on, children }: { href: string; on: boolean; children: ComponentChildren }) {
	return <a class={"chip" + (on ? " on" : "")} href={href} aria-current={on ? "true" : undefined}>{children}</a>
}
