import { useEffect, useRef, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { channelStates, onCalls, onGap } from "../../api/live"
import { asProblem, type ApiError } from "../../api/problem"
import type { AiRecord } from "../../api/types"
import { CallRoute } from "../../components/route"
import { Outcome } from "../../components/state"
import { Empty, Failure } from "../../components/notice"
import { type Column, Table } from "../../components/table"
import { clockTime, durations, exact, money, none, short, whole } from "../../i18n/format"
import { t } from "../../i18n/text"
import { go, href } from "../../shell/router"

/** Channels and calls together fit a window of 900 px. */
const rowsTogether = 14
const fewest = 6
const kept = 50
const tellEvery = 10_000

/** The calls that ended last. The list is held while the pointer or the focus is on it. */
export function Recent() {
	const [list, setList] = useState<readonly AiRecord[] | undefined>(undefined)
	const [waiting, setWaiting] = useState<readonly AiRecord[]>([])
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const [told, setTold] = useState("")
	const held = useRef(false)
	const news = useRef(0)
	const load = async () => {
		try {
			const page = await ask("GET calls", { query: { limit: kept } })
			setList((page.calls ?? []).filter((c): c is AiRecord => c !== null).sort(lastFirst))
			setWaiting([])
			setError(undefined)
		} catch (problem) {
			setError(asProblem(problem))
		}
	}
	useEffect(() => {
		void load()
		const add = (calls: readonly AiRecord[]) => {
			news.current += calls.length
			if (held.current) setWaiting((was) => [...[...calls].reverse(), ...was].slice(0, 1000))
			else setList((was) => merge(calls, was ?? []))
		}
		const tell = setInterval(() => {
			if (news.current > 0) setTold(t("overview.new", { n: news.current }))
			news.current = 0
		}, tellEvery)
		const ends = [onCalls((c) => add(c.calls)), onGap(() => void load())]
		return () => {
			for (const end of ends) end()
			clearInterval(tell)
		}
	}, [])
	const release = () => {
		setWaiting((calls) => {
			if (calls.length > 0) setList((was) => merge(calls, was ?? []))
			return []
		})
	}
	const hold = (on: boolean) => {
		held.current = on
		if (!on) release()
	}
	return (
		<section class="sec" onMouseEnter={() => hold(true)} onMouseLeave={() => hold(false)} onFocusIn={() => hold(true)} onFocusOut={(e) => !(e.currentTarget as Element).contains(e.relatedTarget as Node) && hold(false)}>
			<header>
				<h2>{t("nav.requests")}</h2>
				<span class="sub">
					<span>{t("overview.asTheyEnd")}</span>
					{waiting.length > 0 && <button type="button" class="badge" onClick={release}>{t("overview.new", { n: whole(waiting.length) })}</button>}
				</span>
				<a class="link small push" href={href("requests")}>{t("overview.allRequests")}</a>
			</header>
			<span class="sr" role="status" aria-live="polite">{told}</span>
			{error && <Failure error={error} retry={load} />}
			{list && (
				<Table
					label={t("nav.requests")}
					density="m"
					rows={list.slice(0, Math.max(fewest, rowsTogether - Math.min(8, channelStates.value?.length ?? 0)))}
					columns={columns()}
					rowKey={(c) => c.id}
					onOpen={(c) => go(href(["requests", c.id]))}
					empty={<Empty title={t("overview.noCalls")}>{t("overview.noCallsHelp")}</Empty>}
				/>
			)}
		</section>
	)
}

/** Adds calls, each once. */
function merge(calls: readonly AiRecord[], was: readonly AiRecord[]): readonly AiRecord[] {
	const known = new Set(was.map((c) => c.id))
	return [...calls.filter((c) => !known.has(c.id)), ...was].sort(lastFirst).slice(0, kept)
}

const endOf = (c: AiRecord): number => Date.parse(c.time) + c.duration_ns / 1e6
const lastFirst = (a: AiRecord, b: AiRecord): number => endOf(b) - endOf(a)

function columns(): Column<AiRecord>[] {
	return [
		{ id: "ended", head: t("overview.ended"), cell: (c) => <a class="plain" href={href(["requests", c.id])} title={exact(endOf(c))}>{clockTime(endOf(c))}</a> },
		{ id: "outcome", head: t("overview.outcome"), class: "p1", cell: (c) => <Outcome outcome={c.outcome} status={c.status} attempts={(c.attempts ?? []).length} /> },
		{ id: "model", head: t("overview.model"), class: "mid", cell: (c) => <span class="clipname" dir="auto" title={c.model}>{c.model || none}</span> },
		{ id: "token", head: t("overview.token"), class: "w3", cell: (c) => <span class="clipname t2" dir="auto" title={c.token}>{c.token || none}</span> },
		{ id: "route", head: t("overview.route"), class: "w100 p3 clip", cell: (c) => <CallRoute call={c} /> },
		{ id: "times", head: t("overview.times"), num: true, class: "p4", cell: (c) => durations(c.first_content_ns, c.duration_ns) },
		{ id: "tokens", head: t("overview.tokens"), num: true, class: "w4", title: (c) => `${whole(c.usage.input)} → ${whole(c.usage.output)}`, cell: (c) => <span class="t2">{c.usage.input || c.usage.output ? `${short(c.usage.input)} → ${short(c.usage.output)}` : none}</span> },
		{ id: "cost", head: t("overview.cost"), num: true, class: "p2", cell: (c) => (c.outcome !== "ok" && !c.cost.usd ? none : money(c.cost.usd)) },
	]
}
