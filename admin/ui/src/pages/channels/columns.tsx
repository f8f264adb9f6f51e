import { ChannelStateCell, HourSuccess } from "../../components/channelcells"
import { muteChannel, testChannel, wakeChannel } from "../../components/channelactions"
import { Button } from "../../components/button"
import { Checkbox } from "../../components/field"
import { HourStrip } from "../../components/hourstrip"
import { Icon } from "../../components/icon"
import { Menu, Popover } from "../../components/menu"
import type { Column } from "../../components/table"
import { duration, limitText, money, moneyFull, none, percent, rate } from "../../i18n/format"
import { t } from "../../i18n/text"
import { go, href, param, setQuery } from "../../shell/router"
import { rest, rests, setNumber } from "./actions"
import { addressesOf, keysOfRow, type Row } from "./data"
import { askRemoval } from "./removal"
import { NumberCell } from "./numbercell"

/** Columns that may be left out, in their order. */
const optional = ["provider", "strip", "success", "p95", "speed", "spend", "keys", "addresses", "priority", "weight", "traffic"] as const

export const hiddenColumns = (text: string): string[] => text.split(",").filter(Boolean)

export function ChooseColumns() {
	const hidden = hiddenColumns(param("hide"))
	return (
		<Popover button={{ kind: "quiet", icon: "columns", children: t("ch.columns") }} label={t("ch.columns")}>
			{() => (
				<div class="chcolumns">
					{optional.map((id) => (
						<Checkbox key={id} label={t(`ch.col.${id}`)} on={!hidden.includes(id)} onChange={(on) => setQuery({ hide: (on ? hidden.filter((x) => x !== id) : [...hidden, id]).join(",") }, true)} />
					))}
				</div>
			)}
		</Popover>
	)
}

const of = ({ usable, all }: { usable: number; all: number }) => (all === 0 ? <>{none}</> : usable < all ? <b>{usable}/{all}</b> : <>{usable}/{all}</>)

export function columnsOf(hidden: readonly string[]): Column<Row>[] {
	const all: Column<Row>[] = [
		{
			id: "name", head: t("overview.channel"), class: "p1", sort: (r) => r.name,
			cell: (r) => (
				<>
					<a class="name clipname" dir="auto" href={href(["channels", r.name])} title={r.name}>{r.name}</a>
					{r.declared && <Icon name="file" small label={t("ch.declared")} />}
				</>
			),
		},
		{ id: "provider", head: t("ch.col.provider"), class: "w6 t2", sort: (r) => r.config.provider, cell: (r) => <span class="clipname">{r.config.provider || hostOf(r)}</span> },
		{ id: "state", head: t("overview.state"), class: "w100 clip p3", sort: (r) => r.state.rank, descending: true, title: (r) => [r.state.text, r.state.why].filter(Boolean).join(", "), cell: (r) => <ChannelStateCell brief state={r.state} /> },
		{ id: "strip", head: t("overview.lastHour"), class: "chstrip", cell: (r) => r.part && <HourStrip hour={r.part.hour} /> },
		{ id: "success", head: t("overview.success"), num: true, class: "p2", sort: (r) => (r.part?.hour.attempts ? r.part.hour.ok / r.part.hour.attempts : undefined), cell: (r) => <HourSuccess part={r.part} /> },
		{ id: "p95", head: "p95", num: true, class: "w3", descending: true, sort: (r) => r.part?.first_content_p95_ns, cell: (r) => duration(r.part?.first_content_p95_ns || undefined) },
		{ id: "speed", head: t("overview.output"), num: true, class: "w4", descending: true, sort: (r) => r.part?.tokens_per_second, cell: (r) => (r.part?.tokens_per_second ? rate(r.part.tokens_per_second) : none) },
		{
			id: "spend", head: t("overview.spendToday"), num: true, class: "w3", descending: true, sort: (r) => r.part?.cost_today_usd, title: (r) => r.part && moneyFull(r.part.cost_today_usd),
			cell: (r) => (
				<>
					{r.part ? money(r.part.cost_today_usd) : none}
					<span class="of">{r.part?.limit_today_usd ? " " + t("overview.ofLimit", { limit: limitText(r.part.limit_today_usd) }) : ""}</span>
				</>
			),
		},
		{ id: "keys", head: t("overview.keys"), num: true, sort: (r) => keysOfRow(r).usable, cell: (r) => of(keysOfRow(r)) },
		{ id: "addresses", head: t("ch.addr"), num: true, class: "w5", sort: (r) => addressesOf(r).usable, cell: (r) => of(addressesOf(r)) },
		{ id: "priority", head: t("ch.prio"), num: true, class: "ednum", descending: true, sort: (r) => r.config.priority ?? 0, cell: (r) => number(r, "priority") },
		{ id: "weight", head: t("ch.col.weight"), num: true, class: "ednum", descending: true, sort: (r) => r.config.weight || 1, cell: (r) => number(r, "weight") },
		{
			id: "traffic", head: t("overview.traffic"), num: true, class: "p4", descending: true, sort: (r) => r.share,
			cell: (r) => (
				<>
					<span class="notstacked">{percent(r.share)}</span>
					<span class="only-phone">{r.share === undefined ? "" : t("overview.ofTraffic", { share: percent(r.share) })}</span>
				</>
			),
		},
		{ id: "action", head: t("overview.action"), hidden: true, num: true, class: "chaction", cell: (r) => <Actions row={r} /> },
	]
	return all.filter((c) => !hidden.includes(c.id))
}

function number(r: Row, field: "priority" | "weight") {
	const value = field === "priority" ? (r.config.priority ?? 0) : r.config.weight || 1
	if (r.declared) return <span title={t("ch.declared")}>{value}</span>
	const [min, max] = field === "priority" ? [-1_000_000, 1_000_000] : [1, 10_000]
	return <NumberCell value={value} min={min} max={max} label={t(`ch.${field}Of`, { name: r.name })} onSave={(v) => setNumber(r, field, v)} />
}

function hostOf(r: Row): string {
	try {
		return new URL(r.config.urls?.[0]?.url ?? "").host
	} catch {
		return ""
	}
}

/** Everything that can be done to a channel; the one that its state asks for stands by itself. */
function Actions({ row: r }: { row: Row }) {
	const name = r.name
	const asleep = ["resting", "some", "probing"].includes(r.state.id)
	return (
		<span class="acts">
			{asleep && <Button size="s" kind="quiet" onClick={() => wakeChannel(name)}>{t("action.wake")}</Button>}
			{r.config.disabled && !r.declared && <Button size="s" kind="quiet" onClick={() => muteChannel(name, false)}>{t("action.unmute")}</Button>}
			<ChannelMenu row={r} />
		</span>
	)
}

export function ChannelMenu({ row: r, bare }: { row: Row; bare?: boolean }) {
	const name = r.name
	return (
		<Menu
			button={{ kind: bare ? "plain" : "quiet", size: bare ? undefined : "s", icon: "more", label: t("overview.moreOf", { name }) }}
			items={[
				...(bare ? [] : [{ text: t("action.open"), icon: "right" as const, run: () => go(href(["channels", name])) }, { text: t(r.declared ? "ch.view" : "action.edit"), icon: "edit" as const, run: () => setQuery({ edit: name, new: null }) }, { text: t("action.test"), icon: "check" as const, run: () => testChannel(name, r.channel?.models ?? []) }]),
				{ text: t("action.wake"), icon: "refresh", disabled: !r.channel?.cooling?.length, run: () => wakeChannel(name) },
				...rests.map((x) => ({ text: t(x.text), icon: "resting" as const, disabled: !r.channel, run: () => rest({ scope: "channel", channel: name }, x.seconds, name) })),
				{ text: t(r.config.disabled ? "action.unmute" : "action.mute"), icon: "muted", disabled: r.declared, run: () => muteChannel(name, !r.config.disabled) },
				{ text: t("ch.copy"), icon: "copy", run: () => go(href("channels", { new: "1", copy: name })) },
				{ text: t("action.delete"), icon: "trash", danger: true, disabled: r.declared, run: () => askRemoval([name]) },
			]}
		/>
	)
}
