import type { ComponentChildren } from "preact"
import { useMemo } from "preact/hooks"
import { second } from "../../api/clock"
import type { Spent, TokenConfig } from "../../api/types"
import { Button } from "../../components/button"
import { Chips, FilterChip } from "../../components/chips"
import { Icon } from "../../components/icon"
import { Menu } from "../../components/menu"
import { Empty } from "../../components/notice"
import { Meter } from "../../components/spark"
import { Badge, State } from "../../components/state"
import { type Column, Table } from "../../components/table"
import { exact, limitText, money, moneyFull, none, percent, relative, short, whole } from "../../i18n/format"
import { t } from "../../i18n/text"
import { go, href, hrefWith, param, setQuery } from "../../shell/router"
import { type Asked, disableTokens } from "./actions"
import { endOf, shareOf, type TokenRow, type TokenStateId } from "./tokenstate"

const filters: readonly { id: string; states: readonly TokenStateId[]; text: "tokens.active" | "tokens.near" | "tokens.disabled" | "tokens.expired" }[] = [
	{ id: "active", states: ["active", "unused", "near"], text: "tokens.active" },
	{ id: "limit", states: ["near", "spent"], text: "tokens.near" },
	{ id: "disabled", states: ["disabled"], text: "tokens.disabled" },
	{ id: "expired", states: ["expired"], text: "tokens.expired" },
]

interface Props {
	rows: readonly TokenRow[]
	open: string | undefined
	selected: ReadonlySet<string>
	onSelect: (s: Set<string>) => void
	onAsk: (a: Asked) => void
	reload: () => unknown
	/** Beside the filters. */
	children?: ComponentChildren
}

export function TokenList({ rows, open, selected, onSelect, onAsk, reload, children }: Props) {
	const filter = filters.find((f) => f.id === param("state"))
	const text = param("q").toLowerCase()
	const shown = useMemo(
		() => rows.filter((r) => (!filter || filter.states.includes(r.state.id)) && (!text || r.token.name.toLowerCase().includes(text) || (r.token.last_four ?? "").includes(text))),
		[rows, filter, text],
	)
	const chosen = rows.filter((r) => selected.has(r.token.name)).map((r) => r.token)
	return (
		<>
			<div class="listbar">
				{chosen.length > 0 ? (
					<div class="chips bulk">
						<b>{t("tokens.chosen", { n: chosen.length })}</b>
						<Button size="s" onClick={() => disableTokens(chosen, true, reload)}>{t("tokens.disable")}</Button>
						<Button size="s" onClick={() => disableTokens(chosen, false, reload)}>{t("tokens.enable")}</Button>
						<Button size="s" kind="danger" onClick={() => onAsk({ what: "remove", tokens: chosen })}>{t("action.remove")}</Button>
						<Button size="s" kind="quiet" onClick={() => onSelect(new Set())}>{t("action.cancel")}</Button>
					</div>
				) : (
					<Chips label={t("tokens.filter")}>
						<FilterChip href={hrefWith({ state: null })} on={!filter}>{t("tokens.all")} <b>{whole(rows.length)}</b></FilterChip>
						{filters.map((f) => {
							const n = rows.filter((r) => f.states.includes(r.state.id)).length
							return n > 0 || f === filter ? <FilterChip key={f.id} href={hrefWith({ state: f.id })} on={f === filter}>{t(f.text)} <b>{whole(n)}</b></FilterChip> : null
						})}
						<label class="in find">
							<Icon name="filter" small />
							<input {...({ type: "search" } as object)} aria-label={t("tokens.find")} placeholder={t("tokens.find")} value={param("q")} onInput={(e) => setQuery({ q: e.currentTarget.value }, true)} />
						</label>
					</Chips>
				)}
				{chosen.length === 0 && children}
			</div>
			<Table
				label={t("nav.tokens")}
				main
				rows={shown}
				columns={columns(onAsk, reload)}
				rowKey={(r) => r.token.name}
				sort="name"
				onOpen={(r) => go(href(["tokens", r.token.name], { state: param("state"), q: param("q"), sort: param("sort") }))}
				openKey={open}
				rowClass={(r) => (r.state.tone === "muted" ? "dim" : undefined)}
				selected={selected}
				onSelect={(s) => onSelect(new Set([...s].filter((name) => rows.find((r) => r.token.name === name)?.token.origin !== "declared")))}
				empty={<Empty title={t("tokens.noneFits")} action={<a class="btn" href={hrefWith({ state: null, q: null })}>{t("tokens.showAll")}</a>} />}
			/>
		</>
	)
}

function columns(onAsk: Props["onAsk"], reload: () => unknown): Column<TokenRow>[] {
	const budget = (id: "day" | "month" | "total", more: string): Column<TokenRow> => ({
		id, head: t(`tokens.f.${id}`), class: more, descending: true, sort: (r) => (r.budget ? shareOf(r.budget[id]) + r.budget[id].spent_usd / 1e9 : undefined), cell: (r) => <SpentCell spent={r.budget?.[id]} />,
	})
	return [
		{
			id: "name", head: t("tokens.f.name"), class: "p1", sort: (r) => r.token.name,
			cell: (r) => (
				<>
					<a class="name clipname" dir="auto" href={href(["tokens", r.token.name])} title={r.token.name}>{r.token.name}</a>
					{r.token.origin === "declared" && <span title={t("tokens.declared")}> <Icon name="file" small class="t3" /><span class="sr">{t("tokens.declared")}</span></span>}
				</>
			),
		},
		{ id: "ends", head: t("tokens.endsIn"), class: "t2 w5", cell: (r) => (r.token.last_four ? <span class="mono">…{r.token.last_four}</span> : none) },
		{ id: "state", head: t("tokens.state"), class: "p2", sort: (r) => r.state.rank, cell: (r) => <State tone={r.state.tone} icon={r.state.icon}>{t(r.state.text)}</State> },
		{ id: "may", head: t("tokens.may"), class: "w100 clip", title: (r) => mayText(r.token), cell: (r) => <Scopes row={r} /> },
		budget("day", "p3"),
		budget("month", "w3"),
		budget("total", "w4"),
		{
			id: "inflight", head: t("overview.inFlight"), num: true, class: "w5", descending: true, sort: (r) => r.budget?.in_flight,
			cell: (r) => <>{r.budget?.in_flight || r.token.max_concurrency ? whole(r.budget?.in_flight ?? 0) : none}{r.token.max_concurrency ? <span class="t3">/{whole(r.token.max_concurrency)}</span> : null}</>,
		},
		{ id: "used", head: t("tokens.lastUse"), num: true, class: "t2 p4", descending: true, sort: (r) => (r.lastUsed ? Date.parse(r.lastUsed) : undefined), title: (r) => r.lastUsed && exact(r.lastUsed), cell: (r) => (r.lastUsed ? relative(r.lastUsed, second.value) : t("tokens.never")) },
		{ id: "expires", head: t("tokens.expires"), num: true, class: "t2 w4", sort: (r) => endOf(r.token), title: (r) => r.token.expires, cell: (r) => (endOf(r.token) === undefined ? none : relative(endOf(r.token) ?? 0, second.value)) },
		{ id: "more", head: t("action.more"), hidden: true, num: true, cell: (r) => <TokenMenu row={r} onAsk={onAsk} reload={reload} /> },
	]
}

/** What is spent of a limit. */
export function SpentCell({ spent }: { spent: Spent | undefined }) {
	if (!spent) return <span class="t3">{none}</span>
	if (!spent.limit_usd) return <span class="t2" title={moneyFull(spent.spent_usd)}>{spent.spent_usd > 0 ? money(spent.spent_usd) : <span class="t3">{none}</span>}</span>
	return (
		<span class="spent" title={`${moneyFull(spent.spent_usd)} / ${moneyFull(spent.limit_usd)}${spent.resets ? ` · ${t("tokens.resets", { when: exact(spent.resets) })}` : ""}`}>
			<span>{money(spent.spent_usd)}<span class="t3"> {t("overview.ofLimit", { limit: limitText(spent.limit_usd) })}</span></span>
			<Meter used={spent.spent_usd} limit={spent.limit_usd} label={percent(spent.spent_usd / spent.limit_usd)} />
		</span>
	)
}

/** What a token may use, in one line: chips that have no room are not seen. */
const mayText = (c: TokenConfig): string => [
	(c.models ?? []).join(", ") || t("tokens.allModels"),
	c.channels?.length ? t("tokens.onlyThese", { names: c.channels.join(", ") }) : c.except_channels?.length ? t("tokens.exceptThese", { names: c.except_channels.join(", ") }) : "",
	c.max_concurrency ? t("tokens.atOnceOf", { n: c.max_concurrency }) : "", c.rpm ? t("tokens.rpmOf", { n: whole(c.rpm) }) : "", c.tpm ? t("tokens.tpmOf", { n: whole(c.tpm) }) : "",
].filter(Boolean).join(" · ")

/** What a token may use, as chips. */
function Scopes({ row: { token: c } }: { row: TokenRow }) {
	const models = c.models ?? []
	const channels = c.channels?.length ? c.channels : (c.except_channels ?? [])
	return (
		<span class="scopes">
			{models.length === 0 ? <Badge>{t("tokens.allModels")}</Badge> : models.slice(0, 4).map((m) => <Badge key={m} mono title={m}><bdi>{m}</bdi></Badge>)}
			{models.length > 4 && <Badge title={models.join(", ")}>+{models.length - 4}</Badge>}
			{channels.length > 0 && <Badge icon="channels" title={channels.join(", ")}>{t(c.channels?.length ? "tokens.onlyThese" : "tokens.exceptThese", { names: channels.length > 2 ? `${channels[0]} +${channels.length - 1}` : channels.join(", ") })}</Badge>}
			{c.max_concurrency ? <Badge icon="limited">{t("tokens.atOnceOf", { n: c.max_concurrency })}</Badge> : null}
			{c.rpm ? <Badge icon="limited">{t("tokens.rpmOf", { n: short(c.rpm) })}</Badge> : null}
			{c.tpm ? <Badge icon="limited">{t("tokens.tpmOf", { n: short(c.tpm) })}</Badge> : null}
		</span>
	)
}

export function TokenMenu({ row: { token }, onAsk, reload }: { row: TokenRow; onAsk: Props["onAsk"]; reload: () => unknown }) {
	const fixed = token.origin === "declared"
	return (
		<Menu
			button={{ kind: "quiet", size: "s", icon: "more", label: t("overview.moreOf", { name: token.name }) }}
			items={[
				{ text: t(fixed ? "action.open" : "action.edit"), icon: "edit", run: () => go(href(["tokens", token.name])) },
				{ text: t("tokens.itsRequests"), icon: "requests", run: () => go(href("requests", { token: token.name })) },
				{ text: t(token.disabled ? "tokens.enable" : "tokens.disable"), icon: token.disabled ? "ready" : "muted", disabled: fixed, run: () => disableTokens([token], !token.disabled, reload) },
				{ text: t("tokens.renew"), icon: "refresh", disabled: fixed, run: () => onAsk({ what: "renew", tokens: [token] }) },
				{ text: t("action.remove"), icon: "trash", danger: true, disabled: fixed, run: () => onAsk({ what: "remove", tokens: [token] }) },
			]}
		/>
	)
}
