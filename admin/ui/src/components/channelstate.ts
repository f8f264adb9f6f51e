import type { Channel, HealthEntry } from "../api/types"
import { dayTime } from "../i18n/format"
import { t, tCode } from "../i18n/text"
import type { IconName } from "./icons"
import type { Tone } from "./state"

/** How a channel is, for people: one of the states of DASHBOARD, with its reason and end. */
export interface ChannelState {
	id: "ready" | "resting" | "some" | "limited" | "off" | "muted" | "probing" | "failed"
	tone: Tone
	icon: IconName
	text: string
	why: string
	until?: string
	/** The worse, the larger. */
	rank: number
}

const looks: Record<ChannelState["id"], [Tone, IconName, number]> = {
	failed: ["failed", "failed", 7], resting: ["resting", "resting", 6], probing: ["probing", "probing", 5], limited: ["resting", "limited", 4],
	some: ["resting", "somerest", 3], ready: ["ready", "ready", 2], off: ["muted", "off", 1], muted: ["muted", "muted", 0],
}

function make(id: ChannelState["id"], why = "", until?: string): ChannelState {
	const [tone, icon, rank] = looks[id]
	return { id, tone, icon, text: t(`channel.${id}`), why, until, rank }
}

/** What a channel's state is called. now: milliseconds by the server's clock. */
export function stateOf(c: Channel, now: number): ChannelState {
	switch (c.state) {
		case "disabled":
			return make("muted")
		case "no_key":
			return make("failed", t("reason.no_key"))
		case "outside_hours":
			return make("off", "", c.until)
		case "over_rate":
		case "over_tokens":
		case "over_concurrent":
		case "over_budget":
		case "spending_unknown":
			return make("limited", tCode("reason", c.state), c.until)
		case "probing":
			return make("probing", worst(c)?.why)
	}
	const entry = worst(c)
	if (c.state === "cooling") {
		if (entry?.attention) return make("failed", entry.why)
		if (c.until && Date.parse(c.until) <= now) return make("probing", entry?.why)
		return make("resting", entry?.why, c.until)
	}
	const keys = c.keys ?? []
	const resting = keys.filter((k) => !k.usable).length
	if (resting > 0) return make("some", t("channel.someKeys", { n: resting, all: keys.length }), soonest(keys.map((k) => k.until)))
	const addresses = c.urls ?? []
	const away = addresses.filter((u) => !u.usable).length
	if (away > 0) return make("some", t("channel.someAddresses", { n: away, all: addresses.length }), soonest(addresses.map((u) => u.until)))
	return make("ready")
}

function worst(c: Channel): { why: string; attention: boolean } | undefined {
	const list = c.cooling ?? []
	const entry = list.find((e) => e.attention) ?? list.reduce<(typeof list)[number] | undefined>((a, b) => (!a || Date.parse(b.until) > Date.parse(a.until) ? b : a), undefined)
	return entry && { why: whyOf(entry), attention: Boolean(entry.attention) }
}

/** Why something rests, and what the upstream says where a probe comes before. */
export function whyOf(e: HealthEntry): string {
	const why = tCode("kind", e.kind)
	return e.stated_until ? t("channel.stated", { why, time: dayTime(e.stated_until) }) : why
}

const soonest = (list: readonly (string | undefined)[]): string | undefined =>
	list.filter((x): x is string => Boolean(x)).sort((a, b) => Date.parse(a) - Date.parse(b))[0]
