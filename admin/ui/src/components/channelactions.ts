import { ask } from "../api/client"
import { serverNow } from "../api/clock"
import { channelStates, refreshChannels } from "../api/live"
import type { HealthEntry } from "../api/types"
import { duration } from "../i18n/format"
import { t, tCode } from "../i18n/text"
import { modelFor } from "./guess"
import { toast } from "./toast"

// What is done to a channel from wherever it is shown.

/** More rests than these are not put back one by one. */
const mostPutBack = 20

/** Ends its rests; the toast lets what rested rest for as long as it would have. */
export async function wakeChannel(name: string): Promise<void> {
	const rested = (channelStates.peek()?.find((c) => c.name === name)?.cooling ?? []).filter((e) => Date.parse(e.until) > serverNow())
	await ask("POST cooling/clear", { body: { channel: name } })
	refreshChannels()
	toast(t("overview.woken", { name }), rested.length > 0 && rested.length <= mostPutBack ? () => putBack(rested) : undefined)
}

async function putBack(rested: readonly HealthEntry[]): Promise<void> {
	for (const { scope, channel, group, key, model, protocol, url, until } of rested) {
		const seconds = Math.ceil((Date.parse(until) - serverNow()) / 1000)
		if (seconds > 0) await ask("POST cooling", { body: { scope, channel, group, key, model, protocol, url, seconds } })
	}
	refreshChannels()
}

/** Switches it off or on; the toast takes it back. */
export async function muteChannel(name: string, muted: boolean): Promise<void> {
	const set = (disabled: boolean) => ask("PATCH channels/{name}", { path: { name }, body: { disabled } }).then(refreshChannels)
	await set(muted)
	toast(t(muted ? "channel.isMuted" : "channel.isUnmuted", { name }), () => set(!muted))
}

/** Whether a pattern with * lets a name in. */
export const fitsPattern = (pattern: string, name: string): boolean => new RegExp("^" + pattern.split("*").map((x) => x.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*") + "$").test(name)

/** A model to test a channel with: one it names, or where it names only patterns one that its upstream lists and they let in. */
export async function testModelFor(name: string, models: readonly string[]): Promise<string | undefined> {
	const named = modelFor(models)
	if (named) return named
	const listed = (await ask("POST channels/{name}/models/fetch", { path: { name } })).models ?? []
	return modelFor(listed.filter((m) => models.some((p) => fitsPattern(p, m))))
}

/** Asks it for a short answer. */
export async function testChannel(name: string, models: readonly string[]): Promise<void> {
	const model = await testModelFor(name, models)
	if (!model) {
		toast(t("overview.testFailed", { name, why: t("overview.nothingToTest") }))
		return
	}
	const list = (await ask("POST channels/{name}/test", { path: { name }, body: { channel: name, models: [model] } })) ?? []
	refreshChannels()
	const good = list.find((a) => a.ok)
	const bad = list.find((a) => !a.ok)
	if (good) toast(t("overview.testOk", { name, time: duration(good.first_content_ns ?? good.duration_ns) }))
	else toast(t("overview.testFailed", { name, why: tCode("kind", bad?.outcome ?? "") }))
}
