import { ask } from "../../api/client"
import { refreshChannels } from "../../api/live"
import { toast } from "../../components/toast"
import { t } from "../../i18n/text"
import { confirmed } from "./password"
import type { Row } from "./data"

export const rests = [
	{ text: "ch.rest10m", seconds: 600 },
	{ text: "ch.rest1h", seconds: 3600 },
	{ text: "ch.rest1d", seconds: 86_400 },
] as const

/** Lets something of a channel rest; the toast ends it again. */
export async function rest(what: { scope: string; channel: string; key?: string; url?: string; model?: string }, seconds: number, name: string): Promise<void> {
	await ask("POST cooling", { body: { ...what, seconds } })
	refreshChannels()
	toast(t("ch.rests", { name }), async () => {
		await ask("POST cooling/clear", { body: what })
		refreshChannels()
	})
}

/** Ends the rests of a part of a channel. */
export async function wake(what: { scope?: string; channel: string; key?: string; url?: string; model?: string }, name: string): Promise<void> {
	await ask("POST cooling/clear", { body: what })
	refreshChannels()
	toast(t("overview.woken", { name }))
}

/** Changes one number in place; the toast takes it back. */
export async function setNumber(row: Row, field: "priority" | "weight", to: number): Promise<void> {
	const path = { name: row.name }
	const was = row.config[field] ?? null
	await ask("PATCH channels/{name}", { path, body: { [field]: to } })
	refreshChannels()
	toast(t(field === "priority" ? "ch.prioritySet" : "ch.weightSet", { name: row.name, n: to }), async () => {
		await ask("PATCH channels/{name}", { path, body: { [field]: was } })
		refreshChannels()
	})
}

/** Mutes or unmutes several; the toast takes it back for those that it changed. */
export async function muteAll(rows: readonly Row[], disabled: boolean): Promise<void> {
	const names = rows.filter((r) => !r.declared && Boolean(r.config.disabled) !== disabled).map((r) => r.name)
	if (names.length === 0) return
	const set = async (to: boolean) => {
		await ask("POST channels/batch", { body: { names, change: { disabled: to } } })
		refreshChannels()
	}
	await set(disabled)
	toast(t(disabled ? "ch.muted" : "ch.unmuted", { n: names.length }), () => set(!disabled))
}

export async function wakeAll(rows: readonly Row[]): Promise<void> {
	const names = rows.map((r) => r.name)
	const { changed } = await ask("POST channels/batch", { body: { names, clear: true } })
	refreshChannels()
	toast(t("ch.woken", { n: changed }))
}

/** Sets one setting of several to the same value. */
export async function changeAll(names: string[], change: Record<string, unknown>): Promise<number> {
	const { changed } = await confirmed((password) => ask("POST channels/batch", { body: { names, change, password } }))
	refreshChannels()
	return changed
}

export async function removeAll(names: string[]): Promise<void> {
	await ask("POST channels/batch", { body: { names, remove: true } })
	refreshChannels()
	toast(t("ch.removed", { n: names.length }))
}
