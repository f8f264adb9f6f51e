import { signal } from "@preact/signals"
import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { second } from "../../api/clock"
import { runningCalls } from "../../api/live"
import { isOperator } from "../../api/session"
import type { RunningCall } from "../../api/types"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { TextField } from "../../components/field"
import { Icon } from "../../components/icon"
import { State, type Tone } from "../../components/state"
import { type Column, Table } from "../../components/table"
import { toast } from "../../components/toast"
import { bytes, duration, exact, none, shortId, whole } from "../../i18n/format"
import { t } from "../../i18n/text"
import { href, hrefWith, param } from "../../shell/router"

/** Those who look at calls under way; the address says so. */
export const looksAtRunning = (): boolean => param("running") === "true"

/** How many calls are under way, and a way to see them. */
export function RunningToggle() {
	const total = runningCalls.value?.total ?? 0
	const open = looksAtRunning()
	return (
		<a class={"btn s" + (open ? " on" : "")} href={hrefWith({ running: open ? null : "true" })} aria-expanded={open} aria-controls="running">
			<Icon name="probing" small />
			{t("requests.running", { n: total, count: whole(total) })}
		</a>
	)
}

/** A call that is to be ended, once that is confirmed. */
const ending = signal<RunningCall | undefined>(undefined)

/** Calls under way, the oldest first, as far as they are. */
export function RunningList() {
	if (!looksAtRunning()) return null
	const list = runningCalls.value
	const rows = list?.calls ?? []
	return (
		<section class="sec running" id="running" aria-label={t("requests.underWay")}>
			<Table label={t("requests.underWay")} density="m" rows={rows} columns={columns()} rowKey={(c) => c.id} empty={<p class="t2 quietline">{t("requests.noneRunning")}</p>} />
			{list && list.total > rows.length && <p class="small t3">{t("requests.moreRunning", { n: list.total - rows.length, count: whole(list.total - rows.length) })}</p>}
			{ending.value && <EndPrompt key={ending.value.id} call={ending.value} />}
		</section>
	)
}

const looks: Record<string, Tone> = { choosing: "muted", waiting: "resting", streaming: "ready", ending: "failed" }

const columns = (): Column<RunningCall>[] => [
	{ id: "state", head: t("overview.state"), class: "p1", cell: (c) => <State tone={looks[c.state] ?? "muted"} icon={c.state === "streaming" ? "ready" : "probing"}>{t(`running.${c.state}` as "running.waiting")}</State> },
	{ id: "model", head: t("overview.model"), class: "p3", cell: (c) => <span class="clipname" dir="auto" title={c.model}>{c.model || none}</span> },
	{ id: "token", head: t("overview.token"), class: "w3", cell: (c) => <span class="clipname t2" dir="auto" title={c.client_ip}>{c.token || t("running.operator")}</span> },
	{ id: "id", head: "id", class: "w5", cell: (c) => <span class="mono t3" title={c.id}>{shortId(c.id)}</span> },
	...(isOperator() ? [{ id: "target", head: t("requests.column.route"), class: "w100 clip", cell: (c: RunningCall) => (c.target ? <span title={c.target.url}>{c.attempts > 1 && <span class="t3">{t("running.try", { n: c.attempts })} </span>}<a class="plain" dir="auto" href={href(["channels", c.target.channel])}>{c.target.channel}</a></span> : none) }] : []),
	{ id: "output", head: t("overview.output"), num: true, class: "w4", cell: (c) => (c.answer_bytes ? bytes(c.answer_bytes) : none) },
	{ id: "elapsed", head: t("requests.column.duration"), num: true, class: "p2", title: (c) => exact(Date.parse(c.time)), cell: (c) => duration(Math.max(0, second.value - Date.parse(c.time)) * 1e6) },
	...(isOperator() ? [{ id: "end", head: t("overview.action"), hidden: true, num: true, class: "p4", cell: (c: RunningCall) => <Button size="s" icon="stop" disabled={c.state === "ending"} onClick={() => (ending.value = c)}>{t("running.end")}</Button> }] : []),
]

/** Asks before a call is ended: nobody can take that back. */
function EndPrompt({ call: c }: { call: RunningCall }) {
	const [reason, setReason] = useState("")
	const close = () => (ending.value = undefined)
	return (
		<Dialog
			title={t("running.endTitle")}
			onClose={close}
			footer={
				<>
					<Button onClick={close}>{t("action.cancel")}</Button>
					<Button
						kind="danger"
						onClick={async () => {
							await ask("POST running/{id}/end", { path: { id: c.id }, body: { reason: reason.trim() || undefined } })
							close()
							toast(t("running.ended", { id: shortId(c.id) }))
						}}
					>
						{t("running.endIt")}
					</Button>
				</>
			}
		>
			<p class="t2">{t("running.endHelp", { model: c.model, token: c.token || t("running.operator") })}</p>
			<TextField label={t("running.reason")} value={reason} onInput={setReason} />
		</Dialog>
	)
}
