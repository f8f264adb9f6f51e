import { second, serverNow } from "../../api/clock"
import type { HealthEntry } from "../../api/types"
import { Button } from "../../components/button"
import { Empty } from "../../components/notice"
import { Countdown, State } from "../../components/state"
import { Table } from "../../components/table"
import { clockTime, exact, relative } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { wake } from "./actions"
import type { Row } from "./data"

/** What of a channel rests or failed lately. */
export function Resting({ row }: { row: Row }) {
	const list = [...(row.channel?.cooling ?? [])].sort((a, b) => Date.parse(b.since) - Date.parse(a.since))
	const now = Math.max(second.value, serverNow())
	const rests = (e: HealthEntry) => Boolean(e.attention) || Date.parse(e.until) > now
	return (
		<Table
			label={t("ch.restsNow")}
			narrow
			density="m"
			rows={list}
			rowKey={(e) => [e.scope, e.key, e.url, e.model, e.protocol, e.group].join(" ")}
			empty={<Empty title={t("ch.nothingRests")} />}
			columns={[
				{ id: "since", head: t("ch.since"), cell: (e) => <time dateTime={e.since} title={exact(e.since)}>{now - Date.parse(e.since) < 86_400_000 ? clockTime(e.since) : relative(e.since, now)}</time> },
				{ id: "what", head: t("ch.what"), class: "p1", cell: (e) => <State tone={e.attention ? "failed" : rests(e) ? "resting" : "muted"} icon={e.attention ? "failed" : rests(e) ? "resting" : "probing"}>{whatOf(e, row)}</State> },
				{ id: "why", head: t("ch.why"), class: "w100 clip p3", title: (e) => e.message, cell: (e) => <>{e.rule === "by hand" ? t("ch.byHand") : tCode("kind", e.kind)}{e.failures > 1 && <span class="t3"> ×{e.failures}</span>}{e.message && e.rule !== "by hand" && <span class="t3"> {e.message}</span>}</> },
				{ id: "until", head: t("ch.ends"), num: true, class: "p2", cell: (e) => (e.attention ? <span class="t2">{t("ch.needsYou")}</span> : rests(e) ? <Countdown until={e.until} /> : <span class="t3">{t("ch.next")}</span>) },
				{ id: "action", head: t("overview.action"), hidden: true, num: true, class: "p4", cell: (e) => <Button size="s" kind="quiet" onClick={() => wake({ scope: e.scope, channel: e.channel ?? row.name, key: e.key, url: e.url, model: e.model }, whatOf(e, row))}>{t("action.wake")}</Button> },
			]}
		/>
	)
}

/** The thing that rests: key …f3a2, model x, address host. */
export function whatOf(e: HealthEntry, row: Row): string {
	const parts: string[] = []
	if (e.key) parts.push(t("ch.keyName", { name: keyName((row.config.keys ?? []).find((k) => k.fingerprint === e.key)?.last_four, e.key) }))
	if (e.model) parts.push(e.model)
	if (e.url) parts.push(e.url.replace(/^https?:\/\//, ""))
	if (e.group && !e.channel) parts.push(t("ch.groupName", { name: e.group }))
	return parts.length > 0 ? parts.join(" · ") : t("ch.wholeChannel")
}

/** …f3a2: the last four of a key, of a short one the start of its fingerprint. */
export const keyName = (lastFour: string | undefined, fingerprint: string | undefined): string => (lastFour ? "…" + lastFour : "#" + (fingerprint ?? "").slice(0, 6))
