import { useState } from "preact/hooks"
import type { AiRecord } from "../../api/types"
import { isOperator } from "../../api/session"
import { Checkbox } from "../../components/field"
import { Popover } from "../../components/menu"
import { CallRoute } from "../../components/route"
import { Outcome } from "../../components/state"
import type { Column } from "../../components/table"
import { bytes, clockTime, dayTime, duration, exact, money, moneyFull, none, short, whole } from "../../i18n/format"
import { t, type Key } from "../../i18n/text"
import { href, param, setQuery } from "../../shell/router"

/** Every column there is, and which are shown unless others were chosen. */
const all = ["ended", "outcome", "model", "token", "protocol", "route", "channel", "upstream", "operation", "status", "first", "duration", "tokens", "cached", "size", "client", "agent", "cost"] as const
type ColumnId = (typeof all)[number]
const usual: readonly ColumnId[] = ["ended", "outcome", "model", "token", "protocol", "route", "status", "first", "duration", "tokens", "cost"]
const operatorsOnly: readonly ColumnId[] = ["route", "channel", "upstream"]
const always: readonly ColumnId[] = ["ended"]
const kept = "ccload.requests.columns"

const offered = (): ColumnId[] => all.filter((id) => isOperator() || !operatorsOnly.includes(id))

/** The columns of the address, or those chosen last in this browser. */
export function chosenColumns(): ColumnId[] {
	const text = param("columns") || remembered()
	const names = text ? text.split(",") : usual
	return offered().filter((id) => always.includes(id) || (names as readonly string[]).includes(id))
}

function remembered(): string {
	try {
		return localStorage.getItem(kept) ?? ""
	} catch {
		return ""
	}
}

function choose(ids: readonly ColumnId[]): void {
	const text = ids.join(",")
	const isUsual = text === usual.filter((id) => offered().includes(id)).join(",")
	try {
		if (isUsual) localStorage.removeItem(kept)
		else localStorage.setItem(kept, text)
	} catch {
		// It holds as long as the address.
	}
	setQuery({ columns: isUsual ? null : text }, true)
}

/** The button that chooses columns. */
export function ColumnPicker() {
	const [, redraw] = useState(0)
	const chosen = chosenColumns()
	return (
		<Popover label={t("requests.columns")} class="columnpop" button={{ kind: "quiet", icon: "columns", children: t("requests.columns") }}>
			{() => (
				<div class="columnlist">
					{offered().filter((id) => !always.includes(id)).map((id) => (
						<Checkbox
							key={id}
							label={t(`requests.column.${id}`)}
							on={chosen.includes(id)}
							onChange={(on) => {
								choose(offered().filter((x) => (x === id ? on : chosen.includes(x))))
								redraw((n) => n + 1)
							}}
						/>
					))}
				</div>
			)}
		</Popover>
	)
}

/** When a call had ended, in milliseconds. */
export const endOf = (c: AiRecord): number => Date.parse(c.time) + c.duration_ns / 1e6

const name = (text: string | undefined, quiet = false) => <span class={"clipname" + (quiet ? " t2" : "")} dir="auto" title={text}>{text || none}</span>

type Cells = Record<ColumnId, Omit<Column<AiRecord>, "id" | "head">>

const cells = (longRange: boolean): Cells => ({
	ended: { cell: (c) => <a class="plain" href={href(["requests", c.id])} title={exact(endOf(c))}>{longRange ? dayTime(endOf(c)) : clockTime(endOf(c))}</a> },
	outcome: {
		class: "p1",
		cell: (c) => (
			<>
				<Outcome outcome={c.outcome} status={c.status} attempts={(c.attempts ?? []).length} />
				<time class="only-phone t3 phonetime" dateTime={c.time}>{longRange ? dayTime(endOf(c)) : clockTime(endOf(c))}</time>
			</>
		),
	},
	model: { cell: (c) => name(c.model) },
	token: { class: "w3", cell: (c) => name(c.token, true) },
	protocol: { class: "w5", cell: (c) => <span class="t2">{c.protocol}</span> },
	route: { class: "w100 clip", cell: (c) => <CallRoute call={c} /> },
	channel: { class: "w4", cell: (c) => name(c.channel, true) },
	upstream: { class: "w4", cell: (c) => name(c.upstream_model, true) },
	operation: { class: "w5", cell: (c) => <span class="t2">{c.operation.replaceAll("_", " ") + (c.stream ? ", " + t("requests.stream") : "")}</span> },
	status: { num: true, class: "w5", cell: (c) => <span class="t2">{c.status || none}</span> },
	first: { num: true, class: "w3", cell: (c) => <span class="t2">{c.first_content_ns ? duration(c.first_content_ns) : none}</span> },
	duration: { num: true, class: "p4", cell: (c) => duration(c.duration_ns) },
	tokens: { num: true, class: "w4", title: (c) => `${whole(c.usage.input)} → ${whole(c.usage.output)}`, cell: (c) => <span class="t2">{c.usage.input || c.usage.output ? `${short(c.usage.input)} → ${short(c.usage.output)}` : none}</span> },
	cached: { num: true, class: "w5", cell: (c) => <span class="t2">{c.usage.cached_input ? short(c.usage.cached_input) : none}</span> },
	size: { num: true, class: "w5", title: (c) => `${whole(c.request_bytes)} → ${whole(c.answer_bytes)} B`, cell: (c) => <span class="t2">{bytes(c.request_bytes)}</span> },
	client: { class: "w5", cell: (c) => name(c.client_ip, true) },
	agent: { class: "w5", cell: (c) => name(c.user_agent, true) },
	cost: { num: true, class: "p2", title: (c) => (c.cost.usd === null ? t("requests.unpriced") : moneyFull(c.cost.usd)), cell: (c) => (c.outcome !== "ok" && !c.cost.usd ? none : money(c.cost.usd)) },
})

/** What a phone shows in the second line of a row. */
const onPhone = (c: AiRecord) => (
	<>
		<span class="clipname" dir="auto">{c.model || none}</span>
		{isOperator() && (c.attempts ?? []).length !== 1 && <CallRoute call={c} />}
	</>
)

/** The columns as the table takes them. */
export function tableColumns(longRange: boolean): Column<AiRecord>[] {
	const known = cells(longRange)
	const chosen = chosenColumns()
	const list: Column<AiRecord>[] = chosen.map((id) => ({ id, head: t(`requests.column.${id}` as Key), ...known[id] }))
	// Something has to take what is left of the width.
	if (!chosen.includes("route")) for (const c of list) if (c.id === "model") c.class = "w100 clip"
	list.splice(-1, 0, { id: "phone", head: "", class: "phonecell p3", cell: onPhone })
	return list
}
