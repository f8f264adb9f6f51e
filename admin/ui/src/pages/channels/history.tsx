import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { serverNow } from "../../api/clock"
import { useResource } from "../../api/resource"
import type { AuditEntry } from "../../api/types"
import { Button } from "../../components/button"
import { Empty, Loaded } from "../../components/notice"
import { Table } from "../../components/table"
import { exact, relative } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import type { Row } from "./data"
import { Resting } from "./resting"

const page = 50

/** Who changed what of a channel, and what rests. */
export function HistoryTab({ row }: { row: Row }) {
	const [limit, setLimit] = useState(page)
	const trail = useResource(async (stop) => (await ask("GET audit", { query: { channel: row.name, limit }, signal: stop })) ?? [], [row.name, row.config.updated, limit, row.channel?.cooling?.length])
	return (
		<>
			<section>
				<header class="head">
					<h2>{t("ch.restsNow")}</h2>
				</header>
				<Resting row={row} />
			</section>
			<section class="sec">
				<header class="head">
					<h2>{t("ch.changes")}</h2>
				</header>
				<Loaded of={trail}>
					{(list) => (
						<>
							<Table
								label={t("ch.changes")}
								density="m"
								rows={list}
								rowKey={(e: AuditEntry) => String(e.id)}
								empty={<Empty title={t("ch.noChanges")} />}
								columns={[
									{ id: "time", head: t("ch.when"), class: "p2", cell: (e) => <time dateTime={e.time} title={exact(e.time)}>{relative(e.time, serverNow())}</time> },
									{ id: "action", head: t("ch.what"), class: "p1", cell: (e) => <b class="reg">{tCode("ch.action", e.action)}{e.action === "rest" && e.kind !== "channel" ? ` (${tCode("ch.scope", e.kind)})` : ""}</b> },
									{ id: "fields", head: t("ch.settings"), class: "w100 clip p3", title: (e) => (e.fields ?? []).join(", "), cell: (e) => <span class="t2">{(e.fields ?? []).map((f) => tCode("chf", f)).join(", ")}</span> },
									{ id: "actor", head: t("ch.who"), cell: (e) => tCode("ch.actor", e.actor) },
									{ id: "address", head: t("ch.from"), class: "w2 p4", cell: (e) => <span class="t3">{e.address ?? ""}</span> },
								]}
							/>
							{list.length >= limit && <p class="foot2"><Button onClick={() => setLimit(Math.min(500, limit * 3))}>{t("ch.moreChanges")}</Button></p>}
						</>
					)}
				</Loaded>
			</section>
		</>
	)
}
