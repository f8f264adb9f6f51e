import type { HealthEntry, Key, KeyConfig, Statistics } from "../../api/types"
import type { Row } from "./data"

export type KeyState = "ready" | "low" | "resting" | "failed" | "off"

export interface KeyRow {
	id: string
	config: KeyConfig
	/** None: it is switched off, or its channel is not in use. */
	key: Key | undefined
	entry: HealthEntry | undefined
	state: KeyState
	calls: number
	ok: number
	cost: number
}

export const keyStates: readonly KeyState[] = ["ready", "low", "resting", "failed", "off"]

/** The keys of a channel with what they did in the range. */
export function keyRows(row: Row, statistics: Statistics | undefined, now: number): KeyRow[] {
	const live = new Map((row.channel?.keys ?? []).map((k) => [k.fingerprint, k]))
	const entries = new Map<string, HealthEntry>()
	for (const e of row.channel?.cooling ?? []) {
		if (!e.key) continue
		const before = entries.get(e.key)
		if (!before || e.attention || Date.parse(e.until) > Date.parse(before.until)) entries.set(e.key, e)
	}
	const sums = new Map<string, { calls: number; ok: number; cost: number }>()
	for (const r of statistics?.rows ?? []) {
		const id = r.values?.key ?? ""
		const sum = sums.get(id) ?? { calls: 0, ok: 0, cost: 0 }
		sum.calls += r.calls
		if (r.values?.outcome === "ok") sum.ok += r.calls
		sum.cost += r.cost_usd
		sums.set(id, sum)
	}
	return (row.config.keys ?? []).map((config): KeyRow => {
		const id = config.fingerprint ?? ""
		const key = live.get(id)
		const entry = entries.get(id)
		return { id, config, key, entry, state: stateOfKey(config, key, entry, now), ...(sums.get(id) ?? { calls: 0, ok: 0, cost: 0 }) }
	})
}

function stateOfKey(config: KeyConfig, key: Key | undefined, entry: HealthEntry | undefined, now: number): KeyState {
	if (config.disabled || !key) return "off"
	if (entry?.attention) return "failed"
	if (!key.usable && (!key.until || Date.parse(key.until) > now)) return "resting"
	return key.low ? "low" : "ready"
}
