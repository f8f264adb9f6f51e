import type { TokenConfig } from "../../api/types"
import { serverNow } from "../../api/clock"
import type { Key } from "../../i18n/text"

export type PresetId = "laptop" | "ci" | "guest"

export interface Preset {
	id: PresetId
	text: Key
	/** What it allows, beside its name. */
	sub: Key
	/** Days after which it ends. */
	days?: number
	token: Pick<TokenConfig, "budget" | "rpm" | "max_concurrency">
}

/** Usual kinds of tokens. */
export const presets: readonly Preset[] = [
	{ id: "laptop", text: "tokens.preset.laptop", sub: "tokens.preset.laptopSub", token: { budget: { day: 5, month: 100 }, max_concurrency: 10 } },
	{ id: "ci", text: "tokens.preset.ci", sub: "tokens.preset.ciSub", days: 90, token: { budget: { day: 2 }, rpm: 60, max_concurrency: 4 } },
	{ id: "guest", text: "tokens.preset.guest", sub: "tokens.preset.guestSub", days: 7, token: { budget: { total: 1 }, rpm: 20, max_concurrency: 2 } },
]

/** The settings of a token that is to be made. */
export function beginToken(preset: Preset | undefined, taken: readonly string[]): TokenConfig {
	return {
		...preset?.token,
		name: preset ? freeName(preset.id, taken) : "",
		expires: preset?.days ? new Date(serverNow() + preset.days * 86_400_000).toISOString().slice(0, 10) : undefined,
	}
}

/** The name, with a number behind it if there is one already. */
function freeName(name: string, taken: readonly string[]): string {
	for (let n = 1; ; n++) {
		const tried = n === 1 ? name : `${name}-${n}`
		if (!taken.includes(tried)) return tried
	}
}
