import { hrefWith, param } from "../shell/router"

/** Tabs of a page: links, because which is open stands in the address. The first has no value. */
export function Tabs({ tabs, name = "tab", label }: { tabs: readonly { value: string; text: string }[]; name?: string; label: string }) {
	const open = param(name)
	return (
		<nav class="tabs" aria-label={label}>
			{tabs.map((x, i) => (
				<a key={x.value} href={hrefWith({ [name]: i === 0 ? null : x.value })} aria-current={open === x.value || (i === 0 && !open) ? "page" : undefined}>
					{x.text}
				</a>
			))}
		</nav>
	)
}
