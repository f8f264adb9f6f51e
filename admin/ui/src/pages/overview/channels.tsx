import { useMemo } from "preact/hooks"
import { serverNow } from "../../api/clock"
import { channelStates } from "../../api/live"
import type { Channel, Overview, OverviewChannel } from "../../api/types"
import { Button } from "../../components/button"
import { muteChannel, testChannel, wakeChannel } from "../../components/channelactions"
import { ChannelStateCell, HourSuccess } from "../../components/channelcells"
import { stateOf, type ChannelState } from "../../components/channelstate"
import { Menu } from "../../components/menu"
import { State } from "../../components/state"
import { HourStrip } from "../../components/hourstrip"
import { type Column, Table } from "../../components/table"
import { duration, limitText, money, moneyFull, none, percent } from "../../i18n/format"
import { t } from "../../i18n/text"
import { go, href } from "../../shell/router"

const most = 8

interface Row {
	channel: Channel
	state: ChannelState
	part: OverviewChannel | undefined
	share: number | undefined
}

/** The channels, the worst first. Those that are silent by choice are only counted. */
export function ChannelList({ data }: { data: Overview | undefined }) {
	const channels = channelStates.value
	const rows = useMemo(() => rowsOf(channels ?? [], data), [channels, data])
	const shown = rows.filter((r) => r.state.rank > 1).slice(0, most)
	return (
		<section class="sec ovchannels">
			<header>
				<h2>{t("nav.channels")}</h2>
				<span class="sub">
					<Counts rows={rows} />
				</span>
				<a class="link small push" href={href("channels")}>{t("overview.allChannels", { n: rows.length })}</a>
			</header>
			<Table label={t("nav.channels")} density="m" rows={shown} columns={columns()} rowKey={(r) => r.channel.name} />
		</section>
	)
}

function rowsOf(channels: readonly Channel[], data: Overview | undefined): Row[] {
	const parts = new Map((data?.channels ?? []).map((c) => [c.name, c]))
	const served = [...parts.values()].reduce((sum, c) => sum + c.served, 0)
	const now = serverNow()
	const list = channels.map((channel): Row => {
		const part = parts.get(channel.name)
		return { channel, part, state: stateOf(channel, now), share: part && served > 0 ? part.served / served : undefined }
	})
	return list.sort((a, b) => b.state.rank - a.state.rank || (b.part?.served ?? 0) - (a.part?.served ?? 0) || a.channel.name.localeCompare(b.channel.name))
}

function Counts({ rows }: { rows: readonly Row[] }) {
	const count = (...ids: ChannelState["id"][]) => rows.filter((r) => ids.includes(r.state.id)).length
	const ready = count("ready")
	const resting = count("resting", "some", "limited")
	const probing = count("probing")
	const failed = count("failed")
	const silent = count("muted", "off")
	return (
		<>
			{ready > 0 && <State tone="ready" icon="ready">{t("overview.count.ready", { n: ready })}</State>}
			{resting > 0 && <State tone="resting" icon="resting">{t("overview.count.resting", { n: resting })}</State>}
			{probing > 0 && <State tone="probing" icon="probing">{t("overview.count.probing", { n: probing })}</State>}
			{failed > 0 && <State tone="failed" icon="failed">{t("overview.count.failed", { n: failed })}</State>}
			{silent > 0 && <State tone="muted" icon="muted">{t("overview.count.silent", { n: silent })}</State>}
		</>
	)
}

function columns(): Column<Row>[] {
	return [
		{ id: "name", head: t("overview.channel"), class: "p1", cell: (r) => <a class="name clipname" dir="auto" href={href(["channels", r.channel.name])} title={r.channel.name}>{r.channel.name}</a> },
		{ id: "state", head: t("overview.state"), class: "w100 p3 clip", cell: (r) => <ChannelStateCell brief state={r.state} /> },
		{ id: "strip", head: t("overview.lastHour"), cell: (r) => r.part && <HourStrip hour={r.part.hour} /> },
		{ id: "success", head: t("overview.success"), num: true, class: "p2", cell: (r) => <HourSuccess part={r.part} /> },
		{ id: "p95", head: "p95", num: true, class: "w4", cell: (r) => (r.part?.first_content_p95_ns ? duration(r.part.first_content_p95_ns) : none) },
		{ id: "keys", head: t("overview.keys"), num: true, cell: (r) => keysText(r.channel) },
		{
			id: "traffic", head: t("overview.traffic"), num: true, class: "p4",
			cell: (r) => (
				<>
					<span class="notstacked">{percent(r.share)}</span>
					<span class="only-phone">{r.share === undefined ? "" : t("overview.ofTraffic", { share: percent(r.share) })}</span>
				</>
			),
		},
		{
			id: "spend", head: t("overview.spendToday"), num: true, class: "w4", title: (r) => r.part && moneyFull(r.part.cost_today_usd),
			cell: (r) => (
				<>
					{r.part ? money(r.part.cost_today_usd) : none}
					<span class="of">{r.part?.limit_today_usd ? " " + t("overview.ofLimit", { limit: limitText(r.part.limit_today_usd) }) : ""}</span>
				</>
			),
		},
		{ id: "action", head: t("overview.action"), hidden: true, num: true, cell: (r) => <Action row={r} /> },
	]
}

function keysText(c: Channel): string {
	const keys = c.keys ?? []
	return keys.length === 0 ? none : `${keys.filter((k) => k.usable).length}/${keys.length}`
}

/** The one thing to do about a channel as it is; all others in its menu. */
function Action({ row }: { row: Row }) {
	const { channel: c, state } = row
	const name = c.name
	switch (state.id) {
		case "resting":
		case "some":
			return <Button size="s" kind="quiet" onClick={() => wakeChannel(name)}>{t("action.wake")}</Button>
		case "failed":
			return <a class="btn s quiet" href={href(["channels", name], { tab: "keys" })}>{t("overview.replaceKey")}</a>
		case "probing":
			return <Button size="s" kind="quiet" onClick={() => testChannel(name, c.models ?? [])}>{t("action.test")}</Button>
		case "limited":
			return <a class="btn s quiet" href={href(["channels", name], { tab: "limits" })}>{t("overview.raiseLimit")}</a>
		default:
			return (
				<Menu
					button={{ kind: "quiet", size: "s", icon: "more", label: t("overview.moreOf", { name }) }}
					items={[
						{ text: t("action.open"), icon: "right", run: () => go(href(["channels", name])) },
						{ text: t("action.test"), icon: "check", run: () => testChannel(name, c.models ?? []) },
						{ text: t("action.mute"), icon: "muted", disabled: c.origin === "declared", run: () => muteChannel(name, true) },
					]}
				/>
			)
	}
}
