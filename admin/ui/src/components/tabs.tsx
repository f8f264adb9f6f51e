import type { RefObject } from "preact"
import { useEffect, useRef } from "preact/hooks"
import { hrefWith, param } from "../shell/router"

/** Brings the link of what is open into a row of links that is wider than the window. */
export function useOpenInView(nav: RefObject<HTMLElement | null>, open: string): void {
	useEffect(() => {
		const link = nav.current?.querySelector<HTMLElement>("[aria-current]")
		if (nav.current && link) nav.current.scrollLeft = link.offsetLeft - nav.current.offsetLeft - (nav.current.clientWidth - link.offsetWidth) / 2
	}, [open])
}

/** Tabs of a page: links, because which is open stands in the address. The first has no value. */
export function Tabs({ tabs, name = "tab", label }: { tabs: readonly { value: string; text: string }[]; name?: string; label: string }) {
	const open = param(name)
	const nav = useRef<HTMLElement>(null)
	useOpenInView(nav, open)
	return (
		<nav class="tabs" aria-label={label} ref={nav}>
			{tabs.map((x, i) => (
				<a key={x.value} href={hrefWith({ [name]: i === 0 ? null : x.value })} aria-current={open === x.value || (i === 0 && !open) ? "page" : undefined}>
					{x.text}
				</a>
			))}
		</nav>
	)
}
