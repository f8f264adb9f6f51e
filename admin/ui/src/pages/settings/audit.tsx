import { useEffect, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { serverNow } from "../../api/clock"
import { onChange } from "../../api/live"
import { asProblem, type ApiError } from "../../api/problem"
import type { AuditEntry } from "../../api/types"
import { Button } from "../../components/button"
import { Empty, Failure } from "../../components/notice"
import { State } from "../../components/state"
import { type Column, Table } from "../../components/table"
import { exact, listOf, none, relative } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { href } from "../../shell/router"

const page = 100

/** Who changed what, the latest first. */
export function Audit() {
	const [list, setList] = useState<readonly AuditEntry[] | undefined>(undefined)
	const [more, setMore] = useState(true)
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const load = async (before?: number) => {
		try {
			const got = (await ask("GET audit", { query: { before, limit: page } })) ?? []
			setList((was) => (before && was ? [...was, ...got] : got))
			setMore(got.length === page)
			setError(undefined)
		} catch (e) {
			setError(asProblem(e))
		}
	}
	useEffect(() => {
		void load()
		return onChange((c) => c.revision !== undefined && void load())
	}, [])
	const last = list?.[list.length - 1]
	return (
		<section class="sec">
			<header><h2>{t("settings.auditHead")}</h2></header>
			{error && <Failure error={error} retry={() => load()} />}
			{!list && !error && <div class="waiting" role="status">{t("state.loading")}</div>}
			{list && <Table label={t("settings.auditHead")} main density="m" rows={grouped(list)} columns={columns()} rowKey={(e) => String(e.id)} empty={<Empty title={t("settings.noAudit")} />} />}
			{list && more && last && <Button size="s" class="below" onClick={() => load(last.id)}>{t("settings.older")}</Button>}
		</section>
	)
}

/** An entry, and how many like it follow. */
type Entry = AuditEntry & { times: number }

/** Logins of one kind in a row are one line: they would hide what was changed. */
function grouped(list: readonly AuditEntry[]): Entry[] {
	const rows: Entry[] = []
	for (const e of list) {
		const last = rows[rows.length - 1]
		const same = last && e.action === "login" && (["action", "kind", "name", "actor", "address"] as const).every((f) => e[f] === last[f]) && !e.fields?.length
		if (same) last.times++
		else rows.push({ ...e, times: 1 })
	}
	return rows
}

function columns(): Column<Entry>[] {
	return [
		{ id: "time", head: t("chart.time"), class: "t2 p4", title: (e) => exact(e.time), cell: (e) => relative(e.time, serverNow()) },
		{ id: "action", head: t("settings.action"), class: "p2", cell: (e) => <>{tCode("settings.act", e.action)}{e.times > 1 && <span class="t3"> {t("settings.times", { n: e.times })}</span>}</> },
		{ id: "what", head: t("settings.what"), class: "p1", cell: (e) => <What entry={e} /> },
		{ id: "fields", head: t("settings.fields"), class: "w100 clip t2 p3", title: (e) => (e.fields ?? []).join(", "), cell: (e) => listOf((e.fields ?? []).map((f) => tCode("chf", f))) },
		{ id: "who", head: t("settings.who"), class: "w3", cell: (e) => tCode("settings.actor", e.actor) },
		{ id: "address", head: t("settings.address"), class: "t2 w4", cell: (e) => <span class="mono">{e.address || none}</span> },
	]
}

const pagesOf: Record<string, string> = { channel: "channels", token: "tokens" }

function What({ entry: e }: { entry: AuditEntry }) {
	if (e.action === "login") return <State tone={e.name === "ok" ? "ready" : "failed"} icon={e.name === "ok" ? "ready" : "failed"} why={tCode("settings.kind", e.kind)}>{t(e.name === "ok" ? "outcome.ok" : "settings.failed")}</State>
	const to = e.action === "remove" ? undefined : pagesOf[e.kind]
	return (
		<span class="whatcell">
			<span class="t2">{tCode("settings.kind", e.kind)}</span>
			{e.name && e.name !== e.kind && (to ? <a class="link clipname" dir="auto" title={e.name} href={href([to, e.name])}>{e.name}</a> : <span class="clipname" dir="auto" title={e.name}>{e.name}</span>)}
		</span>
	)
}
