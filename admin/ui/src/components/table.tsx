import type { ComponentChildren } from "preact"
import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import { t } from "../i18n/text"
import { useKey } from "../shell/keys"
import { compareValues, sortBy, sortParam, type SortValue } from "./sort"
import { Checkbox } from "./field"
import { useWindow } from "./window"

export interface Column<T> {
	id: string
	head: ComponentChildren
	/** A head that is not seen. */
	hidden?: boolean
	cell: (row: T) => ComponentChildren
	num?: boolean
	/** w5, w4, w3, w2: goes first, second … where the table has little room. p1 to p4: its place in the two lines of a row on a phone. clip w100: takes what is left, and is cut. */
	class?: string
	title?: (row: T) => string | undefined
	sort?: (row: T) => SortValue
	/** The first click sorts the largest first. */
	descending?: boolean
}

export interface TableProps<T> {
	/** What it shows, for those who cannot see it. */
	label: string
	rows: readonly T[]
	columns: readonly Column<T>[]
	rowKey: (row: T) => string
	/** m: 30 px, d: 28 px; 36 otherwise. */
	density?: "m" | "d"
	/** Enter or a click on a row. Links and buttons in cells work as they do. */
	onOpen?: (row: T) => void
	/** The row whose details are open. */
	openKey?: string
	rowClass?: (row: T) => string | undefined
	/** Rows to choose, by key; they are changed together. */
	selected?: ReadonlySet<string>
	onSelect?: (selected: Set<string>) => void
	/** The sort of the address if it has none; without it the rows stay as they are. */
	sort?: string
	sortName?: string
	/** Keys for the row that j and k have reached. */
	keys?: Record<string, (row: T) => void>
	empty?: ComponentChildren
	footer?: ComponentChildren
	/** In half a page: it turns into lines on phones only. */
	narrow?: boolean
	/** It is the page's list: j, k, Enter and keys work on it. */
	main?: boolean
}

const heights = { m: 30, d: 28, "": 36 }

/** A table: sorted by its heads, columns that go where there is little room, two lines a row on a phone, and only what is seen of thousands of rows. */
export function Table<T>(p: TableProps<T>) {
	const by = p.sort === undefined ? "" : sortParam(p.sort, p.sortName)
	const rows = useMemo(() => sorted(p.rows, p.columns, by), [p.rows, p.columns, by])
	const [cursor, setCursor] = useState(-1)
	const body = useRef<HTMLTableSectionElement>(null)
	const shown = useWindow(body, rows.length, heights[p.density ?? ""])
	const move = (step: number) => {
		const next = Math.max(0, Math.min(rows.length - 1, cursor + step))
		setCursor(next)
		shown.scrollTo(next)
	}
	useEffect(() => {
		if (cursor >= 0) body.current?.querySelector<HTMLElement>(`[data-row="${cursor}"]`)?.focus({ preventScroll: true })
	}, [cursor])
	const at = rows[cursor]
	if (rows.length === 0 && p.empty) return <>{p.empty}</>
	const select = (key: string, on: boolean) => {
		const next = new Set(p.selected)
		if (on) next.add(key)
		else next.delete(key)
		p.onSelect?.(next)
	}
	const all = rows.length > 0 && rows.every((r) => p.selected?.has(p.rowKey(r)))
	const columns = p.columns.length + (p.onSelect ? 1 : 0)
	return (
		<div class={"tw" + (p.narrow ? " nar" : "")}>
			{p.main && <TableKeys move={move} open={() => at && p.onOpen?.(at)} keys={p.keys} at={at} />}
			<table class={"stack " + (p.density ?? "")} aria-label={p.label} aria-rowcount={rows.length + 1}>
				<thead>
					<tr aria-rowindex={1}>
						{p.onSelect && (
							<th class="tick">
								<Checkbox hideLabel label={t("table.all")} on={all} some={Boolean(p.selected?.size)} onChange={(on) => p.onSelect?.(new Set(on ? rows.map(p.rowKey) : []))} />
							</th>
						)}
						{p.columns.map((c) => (
							<Head key={c.id} column={c} by={by} sortable={p.sort !== undefined && Boolean(c.sort)} name={p.sortName} />
						))}
					</tr>
				</thead>
				<tbody ref={body}>
					{shown.before > 0 && <Gap height={shown.before} columns={columns} />}
					{rows.slice(shown.from, shown.to).map((row, i) => {
						const n = shown.from + i
						const key = p.rowKey(row)
						return (
							<tr
								key={key}
								data-row={n}
								tabIndex={p.main ? (n === Math.max(cursor, 0) ? 0 : -1) : undefined}
								aria-rowindex={n + 2}
								aria-selected={p.onSelect ? p.selected?.has(key) : undefined}
								class={[key === p.openKey || p.selected?.has(key) ? "sel" : "", p.onOpen ? "opens" : "", p.rowClass?.(row) ?? ""].join(" ").trim() || undefined}
								onFocus={(e) => e.target === e.currentTarget && setCursor(n)}
								onClick={(e) => {
									if ((e.target as Element).closest("a,button,input,label,select,[popover]") || getSelection()?.toString()) return
									setCursor(n)
									p.onOpen?.(row)
								}}
							>
								{p.onSelect && (
									<td class="tick">
										<Checkbox hideLabel label={t("table.choose", { name: key })} on={Boolean(p.selected?.has(key))} onChange={(on) => select(key, on)} />
									</td>
								)}
								{p.columns.map((c) => (
									<td key={c.id} class={cellClass(c)} title={c.title?.(row)}>
										{c.cell(row)}
									</td>
								))}
							</tr>
						)
					})}
					{shown.after > 0 && <Gap height={shown.after} columns={columns} />}
				</tbody>
				{p.footer && <tfoot>{p.footer}</tfoot>}
			</table>
		</div>
	)
}

const cellClass = <T,>(c: Column<T>): string | undefined => [c.num ? "num" : "", c.class ?? ""].join(" ").trim() || undefined

function sorted<T>(rows: readonly T[], columns: readonly Column<T>[], by: string): readonly T[] {
	const descending = by.startsWith("-")
	const value = columns.find((c) => c.id === by.replace(/^-/, ""))?.sort
	return value ? [...rows].sort((a, b) => compareValues(value(a), value(b), descending)) : rows
}

function Head<T>({ column: c, by, sortable, name }: { column: Column<T>; by: string; sortable: boolean; name?: string }) {
	const direction = by === c.id ? "ascending" : by === "-" + c.id ? "descending" : undefined
	const text = c.hidden ? <span class="sr">{c.head}</span> : c.head
	return (
		<th class={cellClass(c)} scope="col" aria-sort={sortable ? direction : undefined}>
			{sortable ? (
				<button type="button" onClick={() => sortBy(c.id, by, Boolean(c.descending), name)}>
					{text}
				</button>
			) : (
				text
			)}
		</th>
	)
}

function Gap({ height, columns }: { height: number; columns: number }) {
	return (
		<tr class="gap" aria-hidden="true">
			<td colSpan={columns} style={{ height: `${height}px` }} />
		</tr>
	)
}

function TableKeys<T>({ move, open, keys, at }: { move: (step: number) => void; open: () => void; keys: Record<string, (row: T) => void> | undefined; at: T | undefined }) {
	useKey("j", "key.next", () => move(1))
	useKey("k", "key.previous", () => move(-1))
	useKey("Enter", "key.open", open)
	return (
		<>
			{Object.entries(keys ?? {}).map(([key, run]) => (
				<RowKey key={key} on={key} run={() => at !== undefined && run(at)} />
			))}
		</>
	)
}

const rowKeyTexts: Record<string, "key.mute" | "key.wake" | "key.test" | "key.row"> = { m: "key.mute", u: "key.wake", t: "key.test" }

function RowKey({ on, run }: { on: string; run: () => void }) {
	useKey(on, rowKeyTexts[on] ?? "key.row", run)
	return null
}
