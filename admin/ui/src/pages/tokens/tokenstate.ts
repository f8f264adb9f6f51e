import type { Budget, Spent, TokenConfig } from "../../api/types"
import type { IconName } from "../../components/icons"
import type { Tone } from "../../components/state"
import type { Key } from "../../i18n/text"

/** A token, what it has spent, and when it was used last. */
export interface TokenRow {
	token: TokenConfig
	budget: Budget | undefined
	lastUsed: string | undefined
	state: TokenState
}

export type TokenStateId = "active" | "unused" | "near" | "spent" | "disabled" | "expired"

export interface TokenState {
	id: TokenStateId
	tone: Tone
	icon: IconName
	text: Key
	/** The better it is, the lower: the order of the column. */
	rank: number
}

const states: Record<TokenStateId, TokenState> = {
	active: { id: "active", tone: "ready", icon: "ready", text: "tokens.active", rank: 0 },
	unused: { id: "unused", tone: "ready", icon: "ready", text: "tokens.unused", rank: 1 },
	near: { id: "near", tone: "resting", icon: "limited", text: "tokens.near", rank: 2 },
	spent: { id: "spent", tone: "failed", icon: "limited", text: "tokens.spent", rank: 3 },
	disabled: { id: "disabled", tone: "muted", icon: "muted", text: "tokens.disabled", rank: 4 },
	expired: { id: "expired", tone: "muted", icon: "off", text: "tokens.expired", rank: 5 },
}

const nearShare = 0.8

export function tokenState(token: TokenConfig, budget: Budget | undefined, lastUsed: string | undefined, now: number): TokenState {
	const end = endOf(token)
	if (token.disabled) return states.disabled
	if (end !== undefined && end <= now) return states.expired
	const most = Math.max(0, ...(budget ? [budget.day, budget.month, budget.total].map(shareOf) : []))
	if (most >= 1) return states.spent
	if (most >= nearShare) return states.near
	return lastUsed ? states.active : states.unused
}

/** How much of a limit is used, 0 without one. */
export const shareOf = (s: Spent): number => (s.limit_usd ? s.spent_usd / s.limit_usd : 0)

/** When the token ends, in milliseconds: a day holds until it is over, in UTC. */
export function endOf(token: TokenConfig): number | undefined {
	if (!token.expires) return undefined
	const day = /^\d{4}-\d\d-\d\d$/.test(token.expires)
	const moment = Date.parse(token.expires)
	return Number.isNaN(moment) ? undefined : day ? moment + 86_400_000 : moment
}
