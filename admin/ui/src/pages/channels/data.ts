import { useEffect, useMemo, useRef } from "preact/hooks"
import { ask } from "../../api/client"
import { second, serverNow } from "../../api/clock"
import { channelStates, onCalls, onChange, onGap } from "../../api/live"
import { type Resource, useResource } from "../../api/resource"
import type { Channel, ChannelConfig, ChannelView, Overview, OverviewChannel } from "../../api/types"
import { type ChannelState, stateOf } from "../../components/channelstate"
import { t } from "../../i18n/text"
import { boundsOf, queryOf, range } from "../../shell/range"
import { param } from "../../shell/router"

/** A channel as the pages show it: what was set, how it is, what it did. */
export interface Row {
	name: string
	config: ChannelConfig
	/** None: it is not used, and the log says why. */
	channel: Channel | undefined
	state: ChannelState
	part: OverviewChannel | undefined
	/** Of the calls of the range that a channel has answered, between 0 and 1. */
	share: number | undefined
	declared: boolean
}

/** Asked again this soon after a call has ended, and this often because time goes on. */
const soonAfter = 3_000
const regularly = 30_000

export interface Channels {
	views: Resource<ChannelView[]>
	overview: Resource<Overview>
	rows: readonly Row[] | undefined
}

/** All channels, kept up to date. */
export function useChannels(): Channels {
	const views = useResource(async (stop) => (await ask("GET channels", { signal: stop })) ?? [], [])
	const overview = useResource((stop) => ask("GET overview", { query: queryOf(boundsOf(range.value)), signal: stop }), [param("range")])
	useRefresh(overview.reload)
	useEffect(() => {
		const ends = [onChange((c) => c.revision !== undefined && void views.reload()), onGap(() => void views.reload())]
		return () => ends.forEach((end) => end())
	}, [])
	const states = channelStates.value
	// States whose end has come change without a word from the server.
	const minute = Math.floor(second.value / 5_000)
	const rows = useMemo(() => views.data.value && rowsOf(views.data.value, states, overview.data.value), [views.data.value, states, overview.data.value, minute])
	return { views, overview, rows }
}

function useRefresh(reload: () => Promise<void>): void {
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
	useEffect(() => {
		const soon = () => {
			timer.current ??= setTimeout(() => {
				timer.current = undefined
				if (!document.hidden) void reload()
			}, soonAfter)
		}
		const ends = [onCalls(soon), onGap(soon)]
		const regular = setInterval(soon, regularly)
		return () => {
			ends.forEach((end) => end())
			clearInterval(regular)
			clearTimeout(timer.current)
			timer.current = undefined
		}
	}, [])
}

const unused: ChannelState = { id: "failed", tone: "failed", icon: "failed", text: "", why: "", rank: 8 }

function rowsOf(views: readonly ChannelView[], live: readonly Channel[] | undefined, overview: Overview | undefined): Row[] {
	const now = serverNow()
	const states = new Map((live ?? []).map((c) => [c.origin + "/" + c.name, c]))
	const parts = new Map((overview?.channels ?? []).map((c) => [c.name, c]))
	return views.map(({ config, state }): Row => {
		const channel = states.get(config.origin + "/" + config.name) ?? state ?? undefined
		const part = channel && parts.get(config.name)
		return {
			name: config.name, config, channel, part, declared: config.origin === "declared",
			state: channel ? stateOf(channel, now) : { ...unused, text: t("ch.unused"), why: t("ch.unusedWhy") },
			share: part?.share ?? undefined,
		}
	})
}

/** Keys that may be used, and all there are. */
export function keysOfRow(r: Row): { usable: number; all: number } {
	return { usable: (r.channel?.keys ?? []).filter((k) => k.usable).length, all: (r.config.keys ?? []).length }
}

export function addressesOf(r: Row): { usable: number; all: number } {
	const list = r.channel?.urls ?? []
	return { usable: list.filter((u) => u.usable).length, all: list.length }
}
