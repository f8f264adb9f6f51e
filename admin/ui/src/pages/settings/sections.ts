import { t, type Key } from "../../i18n/text"

export const sections = ["health", "log", "capture", "aliases", "prices", "import", "encryption", "audit", "about"] as const
export type Section = (typeof sections)[number]

export const sectionText = (s: Section): string => t(`settings.${s}` as Key)

/** What the search finds, and where it is. */
const entries: readonly (readonly [Section, readonly Key[]])[] = [
	["health", ["settings.written", "settings.waiting", "settings.spooled", "settings.lost", "settings.inFlight"]],
	["log", ["settings.age", "settings.bytes"]],
	["capture", ["settings.captureOn", "settings.failuresOnly", "settings.captureChannels", "settings.captureTokens", "settings.captureAge", "settings.captureBytes", "settings.bodyBytes"]],
	["aliases", ["settings.aliasName", "settings.aliasModels"]],
	["prices", ["settings.ownPrices", "settings.check", "settings.reprice"]],
	["import", ["settings.importHead", "settings.exportHead", "settings.withSecrets"]],
	["encryption", ["settings.rotate"]],
	["audit", ["settings.auditHead"]],
	["about", ["settings.version", "settings.providers", "settings.policies", "settings.stores", "settings.protocols"]],
]

export interface Found {
	section: Section
	text: string
}

/** Sections and settings that hold the text. */
export function find(text: string): Found[] {
	const has = (s: string) => s.toLowerCase().includes(text.toLowerCase())
	return entries.flatMap(([section, keys]) => {
		const inside = keys.map((k) => t(k)).filter(has)
		return inside.length > 0 ? inside.map((x) => ({ section, text: x })) : has(sectionText(section)) ? [{ section, text: "" }] : []
	})
}
