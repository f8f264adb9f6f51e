import type { ComponentChildren } from "preact"
import { createPortal } from "preact"
import { useEffect, useState } from "preact/hooks"

/** The main part of a page. A page with a side panel has its own <WithPanel> within: bare leaves out the margins. */
export function Main({ children, bare, class: more }: { children: ComponentChildren; bare?: boolean; class?: string }) {
	return (
		<main class={(bare ? "" : "page") + (more ? " " + more : "")} id="main" tabIndex={-1}>
			{children}
		</main>
	)
}

/** What a page puts into the bar above it: behind its name, such as its one button, or at the end, where the range picker is. */
export function Bar({ children, end }: { children: ComponentChildren; end?: boolean }) {
	const [place, setPlace] = useState<Element | null>(null)
	useEffect(() => setPlace(document.querySelector(end ? ".top .barend" : ".top .barplace")), [])
	return place ? createPortal(<>{children}</>, place) : null
}
