import type { ComponentChildren } from "preact"
import { useMemo } from "preact/hooks"
import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import { muteChannel, testChannel, wakeChannel } from "../../components/channelactions"
import { ChannelStateCell, HourSuccess } from "../../components/channelcells"
import { Button } from "../../components/button"
import { Empty, Failure } from "../../components/notice"
import { WithPanel } from "../../components/panel"
import { Tabs } from "../../components/tabs"
import { duration, limitText, money, moneyFull, none, percent, rate } from "../../i18n/format"
import { t } from "../../i18n/text"
import { Bar, Main } from "../../shell/main"
import { RangePicker } from "../../shell/rangepicker"
import { boundsOf, queryOf, range } from "../../shell/range"
import { href, param, setQuery } from "../../shell/router"
import { AddressesTab } from "./addresses"
import { Caddyfile } from "./caddyfile"
import { ChannelMenu } from "./columns"
import { addressesOf, keysOfRow, type Row, useChannels } from "./data"
import { EditPanel } from "./editpanel"
import { HealthTab } from "./health"
import { HistoryTab } from "./history"
import { KeysTab } from "./keys"
import { LimitsTab } from "./limits"
import { ModelsTab } from "./models"

const tabs = ["health", "keys", "addresses", "models", "limits", "history"] as const

/** One channel, at its own address. */
export function ChannelPage({ name }: { name: string }) {
	const { views, rows } = useChannels()
	const row = rows?.find((r) => r.name === name)
	const error = views.error.value
	const edited = param("edit") !== "" && row
	const close = () => setQuery({ edit: null })
	return (
		<Main bare>
			<Bar end>
				<RangePicker />
			</Bar>
			<WithPanel panel={edited ? <EditPanel row={row} rows={rows ?? []} onClose={close} /> : null}>
				{error && <Failure error={error} retry={views.reload} />}
				{row ? (
					<Body row={row} />
				) : rows ? (
					<Empty title={t("ch.gone", { name })} action={<a class="btn" href={href("channels")}>{t("nav.channels")}</a>}>{t("ch.goneHelp")}</Empty>
				) : (
					!error && <div class="waiting" role="status">{t("state.loading")}</div>
				)}
			</WithPanel>
		</Main>
	)
}

function Body({ row }: { row: Row }) {
	const tab = tabs.find((x) => x === param("tab")) ?? "health"
	const keyed = useResource((stop) => ask("GET statistics", { query: { ...span(), by: "key,outcome", channel: row.name }, signal: stop }), [param("range"), row.name], 30_000)
	const counts = useMemo(() => tabs.map((x) => ({ value: x, text: tabText(x, row) })), [row])
	return (
		<>
			<section class="sec chhead">
				<header>
					<ChannelStateCell state={row.state} />
					<span class="push chips">
						{Boolean(row.channel?.cooling?.length) && <Button onClick={() => wakeChannel(row.name)}>{t("action.wake")}</Button>}
						<Button onClick={() => testChannel(row.name, row.channel?.models ?? [])}>{t("action.test")}</Button>
						{!row.declared && <Button onClick={() => muteChannel(row.name, !row.config.disabled)}>{t(row.config.disabled ? "action.unmute" : "action.mute")}</Button>}
						{!row.declared && <Button onClick={() => setQuery({ edit: "1" })}>{t("action.edit")}</Button>}
						<ChannelMenu row={row} bare />
					</span>
				</header>
			</section>
			{row.declared && <Caddyfile config={row.config} />}
			<Facts row={row} />
			<Tabs label={t("ch.tabs")} tabs={counts} />
			<div class="sec chtab">
				{tab === "health" && <HealthTab row={row} />}
				{tab === "keys" && <KeysTab row={row} statistics={keyed.data.value} />}
				{tab === "addresses" && <AddressesTab row={row} />}
				{tab === "models" && <ModelsTab row={row} />}
				{tab === "limits" && <LimitsTab row={row} />}
				{tab === "history" && <HistoryTab row={row} />}
			</div>
		</>
	)
}

/** The range without its step. */
export function span(): { since: string; until: string } {
	const { since, until } = queryOf(boundsOf(range.value))
	return { since, until }
}

function tabText(tab: (typeof tabs)[number], row: Row): string {
	const n = tab === "keys" ? (row.config.keys ?? []).length : tab === "addresses" ? (row.channel?.urls ?? []).length : undefined
	return n === undefined ? t(`ch.tab.${tab}`) : `${t(`ch.tab.${tab}`)} ${n}`
}

function Facts({ row: r }: { row: Row }) {
	const keys = keysOfRow(r)
	const addresses = addressesOf(r)
	const of = (x: { usable: number; all: number }) => (x.all === 0 ? none : t("ch.nOf", { n: x.usable, all: x.all }))
	return (
		<dl class="facts">
			<Fact name={t("ch.successHour")}><HourSuccess part={r.part} /></Fact>
			<Fact name={t("ch.firstP95")}>{duration(r.part?.first_content_p95_ns || undefined)}</Fact>
			<Fact name={t("overview.output")}>{r.part?.tokens_per_second ? rate(r.part.tokens_per_second) : none}</Fact>
			<Fact name={t("overview.traffic")}>{percent(r.share)}</Fact>
			<Fact name={t("overview.inFlight")}>{r.channel ? r.channel.in_flight : none}</Fact>
			<Fact name={t("overview.keys")}>{of(keys)}</Fact>
			<Fact name={t("ch.tab.addresses")}>{of(addresses)}</Fact>
			<Fact name={t("chf.priority")}>{r.config.priority ?? 0}</Fact>
			<Fact name={t("chf.weight")}>{r.config.weight || 1}</Fact>
			<Fact name={t("overview.spendToday")} title={r.part && moneyFull(r.part.cost_today_usd)}>
				{r.part ? money(r.part.cost_today_usd) : none} {r.part?.limit_today_usd ? <span class="t3">{t("overview.ofLimit", { limit: limitText(r.part.limit_today_usd) })}</span> : null}
			</Fact>
		</dl>
	)
}

function Fact({ name, title, children }: { name: string; title?: string; children: ComponentChildren }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd title={title}>{children}</dd>
		</div>
	)
}
