import { useEffect } from "preact/hooks"
import { ask } from "../../api/client"
import { onCalls, channelStates } from "../../api/live"
import { useResource } from "../../api/resource"
import { isOperator } from "../../api/session"
import { second } from "../../api/clock"
import type { AiRecord } from "../../api/types"
import { Copy } from "../../components/copy"
import { Empty, Failure, Note } from "../../components/notice"
import { Outcome, outcomeClass } from "../../components/state"
import { clockTime, duration, exact, money, moneyFull, none, relative, short, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { useKey } from "../../shell/keys"
import { Main } from "../../shell/main"
import { go, href } from "../../shell/router"
import { Bill } from "./bill"
import { Bodies } from "./bodies"
import { endOf } from "./columns"
import { CopyCurl } from "./curl"
import { LeftOut } from "./leftout"
import { WhatHappened } from "./happened"

/** One call, explained. */
export function CallPage({ id }: { id: string }) {
	const call = useResource((stop) => ask("GET calls/{id}", { path: { id }, signal: stop }), [id])
	useKey("Escape", "requests.key.back", () => go(href("requests")))
	useEffect(() => onCalls((c) => void (c.calls.some((x) => x.id === id) && call.reload())), [id])
	const data = call.data.value
	const error = call.error.value
	return (
		<Main class="rqd">
			{error?.code === "not_found" ? (
				<Empty title={t("requests.missing")} action={<a class="btn" href={href("requests")}>{t("overview.allRequests")}</a>}>
					{t(isOperator() ? "requests.missingHelp" : "requests.missingOwn")}
				</Empty>
			) : (
				error && <Failure error={error} retry={call.reload} />
			)}
			{data ? <Call call={data} /> : !error && <div class="waiting" role="status">{t("state.loading")}</div>}
		</Main>
	)
}

function Call({ call: c }: { call: AiRecord }) {
	const attempts = c.attempts ?? []
	const kind = outcomeClass(c.outcome, attempts.length)
	return (
		<>
			<section class="sec">
				<header>
					<h2 class="callname" dir="auto">{c.token ? t("requests.for", { model: c.model || none, token: c.token }) : c.model || none}</h2>
					<Outcome outcome={c.outcome} status={c.status} attempts={attempts.length} />
					<span class="chips push">
						<Copy text={c.id}>{t("requests.copyId")}</Copy>
						<CopyCurl call={c} />
						{isOperator() && c.model && <a class="btn s" href={href("playground", { model: c.model, protocol: c.protocol })}>{t("requests.playground")}</a>}
					</span>
				</header>
				<Facts call={c} />
			</section>
			{c.outcome !== "ok" && (
				<section class="sec why">
					<Note state={kind === "caller" ? undefined : "failed"} icon={kind === "caller" ? "caller" : "failed"}>
						<b>{tCode("kind", c.outcome)}</b>
						<p class="t2" dir="auto">{c.message || t(isOperator() ? "requests.noMessage" : "requests.noMessageOwn")}</p>
					</Note>
				</section>
			)}
			<WhatHappened call={c} />
			{isOperator() ? (
				<div class="sec two callparts">
					<div>
						<LeftOut call={c} />
					</div>
					<div>
						<Bill call={c} />
						<Bodies call={c} />
					</div>
				</div>
			) : (
				<Usage call={c} />
			)}
		</>
	)
}

function Facts({ call: c }: { call: AiRecord }) {
	const attempts = (c.attempts ?? []).length
	const answered = channelStates.value?.some((x) => x.name === c.channel)
	const facts: [string, preact.ComponentChildren, string?][] = [
		[t("requests.column.status"), attempts > 1 ? t("requests.statusAfter", { status: c.status, n: attempts }) : String(c.status || none)],
		[t("requests.column.first"), c.first_content_ns ? duration(c.first_content_ns) : none],
		[t("requests.column.duration"), duration(c.duration_ns)],
		[t("requests.column.cost"), money(c.cost.usd), c.cost.usd === null ? t("requests.unpriced") : moneyFull(c.cost.usd)],
		[t("requests.column.tokens"), c.usage.input || c.usage.output ? `${short(c.usage.input)} → ${short(c.usage.output)}` : none, `${whole(c.usage.input)} → ${whole(c.usage.output)}`],
		[t("requests.column.protocol"), c.stream ? `${c.protocol}, ${t("requests.stream")}` : c.protocol],
	]
	if (c.channel) facts.push([t("requests.answeredBy"), answered ? <a class="link" href={href(["channels", c.channel])} dir="auto">{c.channel}</a> : <span dir="auto">{c.channel}</span>, c.channel])
	if (c.upstream_model && c.upstream_model !== c.model) facts.push([t("requests.askedAs"), <span dir="auto">{c.upstream_model}</span>, c.upstream_model])
	facts.push([t("requests.column.ended"), `${clockTime(endOf(c))}, ${relative(endOf(c), second.value)}`, exact(endOf(c))])
	if (c.client_ip) facts.push([t("requests.column.client"), c.client_ip, c.user_agent])
	return (
		<dl class="facts">
			{facts.map(([name, value, title]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd title={title}>{value}</dd>
				</div>
			))}
		</dl>
	)
}

/** What the holder of a token sees in place of the bill. */
function Usage({ call: c }: { call: AiRecord }) {
	const u = c.usage
	const rows: [string, number][] = [[t("requests.what.input"), u.input], [t("requests.ofThatCached"), u.cached_input ?? 0], [t("requests.what.output"), u.output], [t("requests.ofThatReasoning"), u.reasoning ?? 0]]
	return (
		<section class="sec usage">
			<header class="head">
				<h2>{t("requests.column.tokens")}</h2>
				{u.estimated && <span class="sub">{t("requests.estimated")}</span>}
			</header>
			<table class="bill">
				<tbody>
					{rows.filter(([, n], i) => i % 2 === 0 || n > 0).map(([name, n]) => (
						<tr key={name}>
							<td>{name}</td>
							<td class="num">{whole(n)}</td>
						</tr>
					))}
					<tr class="sum">
						<td>{t("requests.billed")}</td>
						<td class="num">{c.cost.usd === null ? none : moneyFull(c.cost.usd)}</td>
					</tr>
				</tbody>
			</table>
		</section>
	)
}
