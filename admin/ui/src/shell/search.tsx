import { useRef, useState } from "preact/hooks"
import { channelStates } from "../api/live"
import { ask } from "../api/client"
import { isOperator } from "../api/session"
import { Icon } from "../components/icon"
import type { IconName } from "../components/icons"
import { t, type Key } from "../i18n/text"
import { useKey } from "./keys"
import { go, href, pages } from "./router"

interface Found {
	text: string
	kind: string
	icon: IconName
	to: string
}

const most = 8

let tokenNames: string[] | undefined

/** One search for ids, names and models: "/" opens it, arrows and Enter choose. */
export function Search() {
	const input = useRef<HTMLInputElement>(null)
	const [text, setText] = useState("")
	const [open, setOpen] = useState(false)
	const [at, setAt] = useState(0)
	useKey("/", "key.search", () => input.current?.focus())
	const found = open ? find(text.trim()) : []
	const choose = (f: Found | undefined) => {
		if (!f) return
		setOpen(false)
		setText("")
		input.current?.blur()
		go(f.to)
	}
	const load = () => {
		setOpen(true)
		if (tokenNames || !isOperator()) return
		void ask("GET tokens").then((list) => (tokenNames = (list ?? []).map((x) => x.name)), () => undefined)
	}
	return (
		<div class="search">
			<label class="searchbox">
				<Icon name="search" small />
				<span class="sr">{t("search.label")}</span>
				<input
					ref={input}
					{...({ type: "search", role: "combobox" } as object)}
					aria-expanded={found.length > 0}
					aria-controls="found"
					aria-activedescendant={found.length > 0 ? `found${at}` : undefined}
					autoComplete="off"
					spellcheck={false}
					placeholder={t("search.placeholder")}
					value={text}
					onFocus={load}
					onBlur={() => setTimeout(() => setOpen(false), 150)}
					onInput={(e) => {
						setText(e.currentTarget.value)
						setOpen(true)
						setAt(0)
					}}
					onKeyDown={(e) => {
						if (e.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1))
						else if (e.key === "ArrowUp") setAt(Math.max(at - 1, 0))
						else if (e.key === "Enter") choose(found[at])
						else if (e.key === "Escape") {
							setText("")
							input.current?.blur()
						} else return
						e.preventDefault()
					}}
				/>
				<kbd aria-hidden="true">/</kbd>
			</label>
			{open && text.trim() !== "" && (
				<ul class="found" id="found" role="listbox" aria-label={t("search.label")}>
					{found.map((f, i) => (
						<li key={f.kind + f.to} id={`found${i}`} role="option" aria-selected={i === at} onMouseDown={(e) => (e.preventDefault(), choose(f))} onMouseEnter={() => setAt(i)}>
							<Icon name={f.icon} small />
							<span class="clipped">{f.text}</span>
							<span class="t3">{f.kind}</span>
						</li>
					))}
					{found.length === 0 && <li class="t3">{t("search.none")}</li>}
				</ul>
			)}
		</div>
	)
}

function find(text: string): Found[] {
	if (!text) return []
	const has = (s: string) => s.toLowerCase().includes(text.toLowerCase())
	const list: Found[] = []
	const add = (f: Found) => list.length < most && list.push(f)
	if (/^req_\w+$/.test(text)) add({ text: t("search.request", { id: text }), kind: t("nav.requests"), icon: "requests", to: href(["requests", text]) })
	for (const p of pages) if (has(t(`nav.${p}` as Key))) add({ text: t(`nav.${p}` as Key), kind: t("search.page"), icon: "right", to: href(p) })
	const channels = channelStates.peek() ?? []
	for (const c of channels) if (list.length < most && has(c.name)) add({ text: c.name, kind: t("search.channel"), icon: "channels", to: href(["channels", c.name]) })
	for (const name of tokenNames ?? []) if (has(name)) add({ text: name, kind: t("search.token"), icon: "tokens", to: href(["tokens", name]) })
	const models = new Set<string>()
	for (const c of channels) for (const m of c.models ?? []) if (models.size < most && has(m)) models.add(m)
	for (const m of models) add({ text: t("search.requestsWith", { name: m }), kind: t("nav.requests"), icon: "requests", to: href("requests", { model: m }) })
	if (models.size === 0 && /[-.\d]/.test(text)) add({ text: t("search.requestsWith", { name: text }), kind: t("nav.requests"), icon: "requests", to: href("requests", { model: text.includes("*") ? text : text + "*" }) })
	return list
}
