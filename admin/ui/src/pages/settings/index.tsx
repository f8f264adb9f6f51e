import type { ComponentType } from "preact"
import { useRef } from "preact/hooks"
import { t } from "../../i18n/text"
import { Icon } from "../../components/icon"
import { useOpenInView } from "../../components/tabs"
import { Main } from "../../shell/main"
import { hrefWith, param, setQuery } from "../../shell/router"
import { About } from "./about"
import { Aliases } from "./aliases"
import { Audit } from "./audit"
import { CaptureSettings, LogSettings } from "./limits"
import { Encryption } from "./encryption"
import { Health } from "./health"
import { Prices } from "./prices"
import { find, type Section, sections, sectionText } from "./sections"
import { Transfer } from "./transfer"

const parts: Record<Section, ComponentType> = {
	health: Health, log: LogSettings, capture: CaptureSettings, aliases: Aliases, prices: Prices, import: Transfer, encryption: Encryption, audit: Audit, about: About,
}

/** What belongs to a section alone, and goes when another is opened. */
const own = { find: null, alias: null, price: null, sort: null }

export default function SettingsPage() {
	const open = sections.find((s) => s === param("tab")) ?? "health"
	const text = param("find")
	const found = text ? find(text) : []
	const Part = parts[open]
	const nav = useRef<HTMLElement>(null)
	useOpenInView(nav, open)
	return (
		<Main class="setpage">
			<div class="setnav">
				<label class="in find">
					<Icon name="search" small />
					<input
						{...({ type: "search" } as object)} aria-label={t("settings.find")} placeholder={t("settings.find")} value={text}
						onInput={(e) => setQuery({ find: e.currentTarget.value }, true)}
						onKeyDown={(e) => {
							if (e.key === "Enter" && found[0]) setQuery({ ...own, tab: found[0].section })
						}}
					/>
				</label>
				<nav aria-label={t("nav.settings")} ref={nav}>
					{text
						? found.map((f) => (
							<a key={f.section + f.text} href={hrefWith({ ...own, tab: f.section })}>
								{f.text || sectionText(f.section)} {f.text && <span class="t3">{sectionText(f.section)}</span>}
							</a>
						))
						: sections.map((s) => <a key={s} href={hrefWith({ ...own, tab: s === "health" ? null : s })} aria-current={s === open ? "page" : undefined}>{sectionText(s)}</a>)}
				</nav>
				{text && found.length === 0 && <span role="status" class="t3 small">{t("settings.noneFound")}</span>}
			</div>
			<div class="setbody">
				<Part />
			</div>
		</Main>
	)
}
