import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { type ApiError, asProblem } from "../../api/problem"
import { type Resource, useResource } from "../../api/resource"
import type { PricingRow } from "../../api/types"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { TextField } from "../../components/field"
import { Empty, Failure, Loaded } from "../../components/notice"
import { type Column, Table } from "../../components/table"
import { toast } from "../../components/toast"
import { none } from "../../i18n/format"
import { t } from "../../i18n/text"
import { param, setQuery } from "../../shell/router"
import { PriceCheck } from "./pricecheck"

type Rows = readonly PricingRow[]

const put = (rows: Rows | string) => ask("PUT prices", { body: typeof rows === "string" ? rows : new Blob([JSON.stringify(rows)]) })

/** Prices of one's own: they go before those that ccload knows. */
export function Prices() {
	const prices = useResource((stop) => ask("GET prices", { signal: stop }), [])
	const rows = prices.data.value ?? []
	const open = param("price")
	const close = () => setQuery({ price: null })
	const replace = async (next: Rows | string, text: string) => {
		const before = rows
		await put(next)
		await prices.reload()
		toast(text, async () => {
			await put(before)
			await prices.reload()
		})
	}
	return (
		<>
			<section class="sec">
				<header>
					<h2>{t("settings.ownPrices")}</h2>
					<span class="push chips">
						<Button size="s" icon="upload" onClick={() => setQuery({ price: "file" })}>{t("settings.priceFile")}</Button>
						<Button size="s" icon="plus" onClick={() => setQuery({ price: "new" })}>{t("settings.priceAdd")}</Button>
					</span>
				</header>
				<p class="t2 lead">{t("settings.priceHelp")}</p>
				<Loaded of={prices}>{(list) => <PriceTable rows={list ?? []} onRemove={(at) => replace(rows.filter((_, i) => i !== at), t("settings.priceRemoved", { name: rows[at]?.model ?? "" }))} />}</Loaded>
			</section>
			<PriceCheck />
			<Reprice />
			{open === "new" && <PriceDialog onClose={close} onSave={async (row) => (await replace([...rows, row], t("settings.priceSaved", { name: row.model })), close())} />}
			{open === "file" && <FileDialog of={prices} onClose={close} onSave={async (text) => (await replace(text, t("settings.pricesReplaced")), close())} />}
		</>
	)
}

interface Numbered {
	row: PricingRow
	at: number
}

function PriceTable({ rows, onRemove }: { rows: Rows; onRemove: (at: number) => Promise<void> }) {
	const money = (id: "input" | "cached_input" | "cache_write" | "output", more = ""): Column<Numbered> => ({ id, head: t(`settings.p.${id}`), num: true, class: more, sort: (x) => Number(x.row[id]) || undefined, cell: (x) => x.row[id] || none })
	const columns: Column<Numbered>[] = [
		{ id: "model", head: t("overview.model"), class: "p1", sort: (x) => x.row.model, title: (x) => x.row.match || undefined, cell: (x) => <span class="name clipname" title={x.row.model}>{x.row.model}</span> },
		{ id: "provider", head: t("settings.p.provider"), class: "t2 p3", sort: (x) => x.row.provider, cell: (x) => (x.row.provider === "*" ? t("settings.anyProvider") : x.row.provider) },
		{ id: "when", head: t("settings.p.holds"), class: "t2 w100 clip", cell: (x) => [x.row.tier, x.row.above, x.row.when, x.row.from && `${x.row.from} –${x.row.until ? " " + x.row.until : ""}`].filter(Boolean).join(" · ") || none },
		money("input", "p2"), money("cached_input", "w3"), money("cache_write", "w4"), money("output", "p4"),
		{ id: "more", head: t("action.more"), hidden: true, num: true, cell: (x) => <Button size="s" kind="quiet" icon="trash" label={`${t("action.remove")}: ${x.row.model}`} onClick={() => onRemove(x.at)} /> },
	]
	return (
		<>
			<Table label={t("settings.ownPrices")} rows={rows.map((row, at) => ({ row, at }))} columns={columns} rowKey={(x) => String(x.at)} sort="model" empty={<Empty title={t("settings.noPrices")}>{t("settings.noPricesHelp")}</Empty>} />
			{rows.length > 0 && <p class="t3 small below">{t("settings.perMillion")}</p>}
		</>
	)
}

const blank = (): PricingRow => ({
	provider: "*", model: "", match: "", from: "", until: "", when: "", tier: "", above: "", input: "", cached_input: "", cache_write: "", cache_write_long: "", output: "",
	audio_input: "", cached_audio: "", audio_output: "", image_input: "", cached_image: "", image_output: "", search_per_1k: "", audio_hour: "", characters: "", image: "", region_factor: "", source: "", note: "",
})

function PriceDialog({ onClose, onSave }: { onClose: () => void; onSave: (row: PricingRow) => Promise<unknown> }) {
	const [row, setRow] = useState<PricingRow>(blank)
	const [problem, setProblem] = useState<ApiError | undefined>(undefined)
	const field = (id: keyof PricingRow, more: object = {}) => <TextField label={t(`settings.p.${id}` as "settings.p.input")} value={row[id]} onInput={(v) => setRow({ ...row, [id]: v.trim() })} {...more} />
	const price = (id: keyof PricingRow, more: object = {}) => field(id, { unit: t("settings.usdPerMillion"), ...more })
	const save = async () => {
		setProblem(undefined)
		try {
			await onSave({ ...row, provider: row.provider || "*" })
		} catch (e) {
			setProblem(asProblem(e))
		}
	}
	return (
		<Dialog title={t("settings.priceAdd")} onClose={onClose} wide footer={<><Button onClick={onClose}>{t("action.cancel")}</Button><Button kind="primary" onClick={save}>{t("action.save")}</Button></>}>
			{problem && <Failure error={problem} />}
			<div class="pair">
				{field("model", { mono: true, autoFocus: true })}
				{field("provider", { mono: true, help: t("settings.providerHelp") })}
				{price("input")}
				{price("output")}
				{price("cached_input", { placeholder: t("settings.asInput") })}
				{price("cache_write", { placeholder: t("settings.asInput") })}
				{field("from", { type: "date", help: t("settings.fromHelp") })}
				{field("tier", { placeholder: "standard" })}
			</div>
		</Dialog>
	)
}

function FileDialog({ of, onClose, onSave }: { of: Resource<PricingRow[] | null>; onClose: () => void; onSave: (text: string) => Promise<unknown> }) {
	const [text, setText] = useState(() => ((of.data.peek() ?? []).length > 0 ? csv(of.data.peek() ?? []) : ""))
	const [problem, setProblem] = useState<ApiError | undefined>(undefined)
	const save = async () => {
		setProblem(undefined)
		try {
			await onSave(text.trim() === "" ? "[]" : text)
		} catch (e) {
			setProblem(asProblem(e))
		}
	}
	return (
		<Dialog title={t("settings.priceFile")} onClose={onClose} wide footer={<><Button onClick={onClose}>{t("action.cancel")}</Button><Button kind="primary" onClick={save}>{t("settings.replaceAll")}</Button></>}>
			{problem && <Failure error={problem} />}
			<TextField label={t("settings.priceText")} mono rows={10} value={text} onInput={setText} placeholder={"provider,model,from,input,output\n*,my-model,2026-01-01,1.5,6"} help={t("settings.priceTextHelp")} />
		</Dialog>
	)
}

/** The rows as CSV, with the columns that are used. */
function csv(rows: Rows): string {
	const columns = (Object.keys(blank()) as (keyof PricingRow)[]).filter((c) => ["provider", "model", "from", "input", "output"].includes(c) || rows.some((r) => r[c]))
	const cell = (v: string) => (/[",\n#]/.test(v) ? `"${v.replaceAll('"', '""')}"` : v)
	return [columns.join(","), ...rows.map((r) => columns.map((c) => cell(r[c] ?? "")).join(","))].join("\n")
}

function Reprice() {
	const [since, setSince] = useState("")
	return (
		<section class="sec">
			<header><h2>{t("settings.reprice")}</h2></header>
			<p class="t2 lead">{t("settings.repriceHelp")}</p>
			<div class="inline">
				<TextField label={t("settings.repriceSince")} type="date" value={since} onInput={setSince} />
				<Button
					size="l"
					onClick={async () => {
						const got = await ask("POST reprice", { query: { since } })
						toast(t("settings.repriced", { n: got?.changed ?? 0 }))
					}}
				>
					{t("settings.repriceDo")}
				</Button>
			</div>
		</section>
	)
}
