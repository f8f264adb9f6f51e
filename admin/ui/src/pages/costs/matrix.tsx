import { addressOf } from "../../api/client"
import type { Costs, CostSum } from "../../api/types"
import { Icon } from "../../components/icon"
import { Menu } from "../../components/menu"
import { type Column, Table } from "../../components/table"
import { money, moneyFull, none, short, whole } from "../../i18n/format"
import { t } from "../../i18n/text"
import { setQuery } from "../../shell/router"
import { columnsOf, type Dimension, dimensions, headOf, nameOf, requestsOf, rowsOf, showOf, shows, spanQuery, valueText } from "./dimensions"

interface Row {
	key: string
	name: string
	/** Of how many others, if it is the row of the rest. */
	others: number
	sum: CostSum
	cells: readonly (CostSum | null)[]
}

const numberOf = (s: CostSum | null | undefined): number | undefined => (s ? { cost: s.cost_usd, list_cost: s.list_cost_usd, calls: s.calls, tokens: s.tokens }[showOf()] : undefined)

/** A sum as the table shows it. */
function textOf(s: CostSum | null | undefined): string {
	if (!s) return none
	const show = showOf()
	return show === "calls" ? short(s.calls) : show === "tokens" ? short(s.tokens) : amount(s, show)
}

/** An amount; none where no price is known of all the calls. */
function amount(s: CostSum, show: "cost" | "list_cost"): string {
	const value = show === "cost" ? s.cost_usd : s.list_cost_usd
	return value === 0 && s.unpriced === s.calls && s.calls > 0 ? none : money(value)
}

const titleOf = (s: CostSum): string => t("costs.cellTitle", { cost: moneyFull(s.cost_usd), list: moneyFull(s.list_cost_usd), calls: whole(s.calls), tokens: whole(s.tokens) })

/** Costs by any two dimensions. Its sums are the server's. */
export function Matrix({ data }: { data: Costs }) {
	const rows = data.rows as Dimension
	const columns = data.columns as Dimension
	const lines: Row[] = (data.row_list ?? []).map((r) => ({ key: "v" + r.name, name: r.name, others: 0, sum: r.sum, cells: r.cells ?? [] }))
	if (data.rest_row) lines.push({ key: "rest", name: "", others: data.rest_rows, sum: data.rest_row.sum, cells: data.rest_row.cells ?? [] })
	return (
		<section class="sec matrix">
			<header>
				<h2>{t("costs.rowsBy", { rows: headOf(rows), columns: nameOf(columns) })}</h2>
				<Pickers />
				<a class="btn push" download href={addressOf("GET costs.csv", { query: { ...spanQuery(), rows, columns, show: showOf() } })} title={t("costs.csvTitle")}>
					<Icon name="download" small />
					CSV
				</a>
			</header>
			<Table
				main
				label={t("costs.rowsBy", { rows: headOf(rows), columns: nameOf(columns) })}
				density="m"
				rows={lines}
				columns={columnList(data, rows, columns)}
				rowKey={(r) => r.key}
				sort=""
				footer={<Footer data={data} />}
			/>
		</section>
	)
}

function Pickers() {
	const rows = rowsOf()
	const columns = columnsOf()
	const pick = (param: "rows" | "columns", now: Dimension, other: Dimension) =>
		dimensions().map((d) => ({
			text: nameOf(d),
			checked: d === now,
			// Choosing what the other shows swaps them.
			run: () => setQuery({ sort: null, [param]: d, ...(d === other ? { [param === "rows" ? "columns" : "rows"]: now } : {}) }),
		}))
	return (
		<div class="chips">
			<Menu button={{ size: "s", icon: undefined, children: <Picked name={t("costs.rows")} value={nameOf(rows)} /> }} items={pick("rows", rows, columns)} />
			<Menu button={{ size: "s", children: <Picked name={t("costs.columns")} value={nameOf(columns)} /> }} items={pick("columns", columns, rows)} />
			<Menu
				button={{ size: "s", children: <Picked name={t("costs.show")} value={t(`costs.show.${showOf()}`)} /> }}
				items={shows.map((s) => ({ text: t(`costs.show.${s}`), checked: s === showOf(), run: () => setQuery({ show: s === "cost" ? null : s }, true) }))}
			/>
		</div>
	)
}

export const Picked = ({ name, value }: { name: string; value: string }) => (
	<>
		<span class="t2 pickname">{name}</span>
		<b>{value}</b>
		<Icon name="down" small />
	</>
)

function Cell({ sum, parts }: { sum: CostSum | null | undefined; parts: readonly (readonly [Dimension, string])[] | undefined }) {
	if (!sum) return <span class="t3">{none}</span>
	const to = parts && requestsOf(...parts)
	return to ? <a class="plain" href={to} title={titleOf(sum)}>{textOf(sum)}</a> : <span title={titleOf(sum)}>{textOf(sum)}</span>
}

function columnList(data: Costs, rows: Dimension, columns: Dimension): Column<Row>[] {
	const heads = data.column_list ?? []
	const name = (r: Row) => (r.others > 0 ? t("costs.others", { n: r.others }) : valueText(rows, r.name))
	const list: Column<Row>[] = [
		{
			id: "name", head: headOf(rows), class: "p1 rowname", sort: (r) => (r.others > 0 ? undefined : r.name), title: name,
			cell: (r) => {
				const to = r.others === 0 ? requestsOf([rows, r.name]) : undefined
				const at = rows === "day" ? -1 : (data.stacks ?? []).indexOf(r.name)
				return (
					<span class="namecell">
						{r.others === 0 && at >= 0 && <Swatch n={at + 1} />}
						{to ? <a class="plain clipped" href={to} dir="auto">{name(r)}</a> : <span class={"clipped" + (r.others > 0 ? " t2" : "")} dir="auto">{name(r)}</span>}
					</span>
				)
			},
		},
		...heads.map((h, i): Column<Row> => ({
			id: "c:" + h.name, num: true, descending: true, sort: (r) => numberOf(r.cells[i]),
			head: <span class="headname" dir="auto" title={valueText(columns, h.name)}>{valueText(columns, h.name)}</span>,
			cell: (r) => <Cell sum={r.cells[i]} parts={r.others > 0 ? undefined : [[rows, r.name], [columns, h.name]]} />,
		})),
	]
	if (data.rest_column) {
		list.push({ id: "restcolumn", num: true, descending: true, head: t("costs.others", { n: data.rest_columns }), sort: (r) => numberOf(r.cells[heads.length]), cell: (r) => <Cell sum={r.cells[heads.length]} parts={undefined} /> })
	}
	list.push(
		{ id: "phone", head: "", class: "phonecell p3", cell: (r) => best(data, columns, r) },
		{ id: "cost", num: true, class: "p2 sumcell", descending: true, head: t("costs.billed"), sort: (r) => r.sum.cost_usd, title: (r) => titleOf(r.sum), cell: (r) => <b>{amount(r.sum, "cost")}</b> },
		{ id: "list", num: true, descending: true, head: t("costs.listPrice"), sort: (r) => r.sum.list_cost_usd, title: (r) => titleOf(r.sum), cell: (r) => <span class="t2">{amount(r.sum, "list_cost")}</span> },
		{ id: "calls", num: true, class: "p4", descending: true, head: t("costs.calls"), sort: (r) => r.sum.calls, title: (r) => whole(r.sum.calls), cell: (r) => <span class="t2"><CallCount n={r.sum.calls} /></span> },
	)
	return list
}

/** The largest cells of a row in words, for a phone. */
function best(data: Costs, columns: Dimension, r: Row): string {
	const heads = data.column_list ?? []
	return heads
		.map((h, i) => ({ text: `${valueText(columns, h.name)} ${textOf(r.cells[i])}`, value: numberOf(r.cells[i]) ?? 0 }))
		.filter((x) => x.value > 0)
		.sort((a, b) => b.value - a.value)
		.slice(0, 3)
		.map((x) => x.text)
		.join(" · ")
}

/** A number of calls; on a phone, where there are no heads, with its word. */
const CallCount = ({ n }: { n: number }) => (
	<>
		{short(n)}
		<span class="only-phone"> {t("costs.callsWord", { n })}</span>
	</>
)

const Swatch = ({ n }: { n: number }) => (
	<svg class="sw" viewBox="0 0 8 8" aria-hidden="true">
		<rect class={`f-c${n}`} width="8" height="8" rx="2" />
	</svg>
)

function Footer({ data }: { data: Costs }) {
	const sums = [...(data.column_list ?? []), ...(data.rest_column ? [data.rest_column] : [])]
	return (
		<tr>
			<td class="p1">{t("costs.sum")}</td>
			{sums.map((c) => <td key={c.name} class="num" title={titleOf(c.sum)}>{textOf(c.sum)}</td>)}
			<td class="phonecell" />
			<td class="num p2" title={titleOf(data.total)}>{amount(data.total, "cost")}</td>
			<td class="num" title={titleOf(data.total)}>{amount(data.total, "list_cost")}</td>
			<td class="num p4" title={whole(data.total.calls)}><CallCount n={data.total.calls} /></td>
		</tr>
	)
}
