import { useEffect, useRef, useState } from "preact/hooks"
import { addressOf, ask } from "../../api/client"
import { channelStates, onCalls, onGap } from "../../api/live"
import { useResource } from "../../api/resource"
import { isOperator } from "../../api/session"
import type { AiRecord, CallPage } from "../../api/types"
import { Icon } from "../../components/icon"
import { Empty, Failure, Loaded } from "../../components/notice"
import { Table } from "../../components/table"
import { clockTime, dayTime, whole } from "../../i18n/format"
import { t } from "../../i18n/text"
import { Bar, Main } from "../../shell/main"
import { boundsOf, range } from "../../shell/range"
import { RangePicker, rangeText } from "../../shell/rangepicker"
import { go, href, hrefWith, param } from "../../shell/router"
import { Bars } from "./bars"
import { ColumnPicker, endOf, tableColumns } from "./columns"
import { FilterBar, filterValue } from "./filterbar"
import { activeFilters, filterDeps, listQuery, volumeQuery } from "./filters"
import { usePaced } from "./paced"
import { RunningList, RunningToggle } from "./running"

const perPage = 100
const listPace = 1_000
const barsPace = 5_000
const day = 86_400_000

/** All calls of the range that fit the filters, the newest first. */
export function RequestList() {
	const before = param("before")
	const page = useResource((stop) => ask("GET calls", { query: { ...listQuery(), before, limit: perPage }, signal: stop }), [...filterDeps(), before])
	const volume = useResource((stop) => ask("GET calls/volume", { query: volumeQuery(), signal: stop }), filterDeps())
	const { hold, waiting, release } = useLive(page.reload, volume.reload, before !== "")
	const total = volume.data.value?.total
	const calls = total ? total.ok + total.failed_over + total.caller + total.failed : undefined
	return (
		<Main class="rqs">
			<Bar>
				<span class="small t3 np clipped">
					{calls !== undefined && t("requests.count", { n: calls, count: whole(calls), range: rangeText() })}
				</span>
				<RunningToggle />
			</Bar>
			<Bar end>
				<RangePicker />
			</Bar>
			<RunningList />
			<section class="sec">
				<header class="filterhead">
					<FilterBar />
					<span class="chips push">
						<span class="columnpick"><ColumnPicker /></span>
						<a class="btn" download href={addressOf("GET calls.csv", { query: listQuery() })} title={t("requests.csvTitle")}>
							<Icon name="download" small />
							CSV
						</a>
					</span>
				</header>
				<Bars of={volume} />
			</section>
			<section class="sec rq" {...hold}>
				{waiting > 0 && (
					<button type="button" class="badge detour newcalls" onClick={release}>
						{t("requests.new", { n: waiting, count: whole(waiting) })}
					</button>
				)}
				<Loaded of={page}>{(data) => <Calls data={data} before={before} stale={page.loading.value} />}</Loaded>
			</section>
			{volume.error.value && !page.error.value && <Failure error={volume.error.value} retry={volume.reload} />}
		</Main>
	)
}

/** Asks anew as calls end, but leaves the rows alone under the pointer and on older pages. */
function useLive(reloadList: () => Promise<void>, reloadBars: () => Promise<void>, older: boolean) {
	const held = useRef(false)
	const missed = useRef(0)
	const [waiting, setWaiting] = useState(0)
	const list = usePaced(reloadList, listPace)
	const bars = usePaced(reloadBars, barsPace)
	const count = (n: number) => {
		missed.current = n
		setWaiting(n)
	}
	const release = () => {
		if (missed.current === 0) return
		count(0)
		list()
	}
	const hold = (on: boolean) => {
		held.current = on
		if (!on) release()
	}
	useEffect(() => {
		if (!boundsOf(range.peek()).moving) return undefined
		const ends = [
			onCalls((c) => {
				bars()
				if (older) return
				if (held.current) count(missed.current + c.calls.length + c.left_out)
				else list()
			}),
			onGap(() => {
				bars()
				if (!older) list()
			}),
		]
		return () => ends.forEach((end) => end())
	}, [older, param("range")])
	return {
		waiting,
		release,
		hold: {
			onMouseEnter: () => hold(true),
			onMouseLeave: () => hold(false),
			onFocusIn: () => hold(true),
			onFocusOut: (e: FocusEvent) => {
				if (!(e.currentTarget as Element).contains(e.relatedTarget as Node)) hold(false)
			},
		},
	}
}

function Calls({ data, before, stale }: { data: CallPage; before: string; stale: boolean }) {
	// The server's order is that of their beginning; what is shown is when they ended.
	const rows = (data.calls ?? []).filter((c): c is AiRecord => c !== null).sort((a, b) => endOf(b) - endOf(a))
	const bounds = boundsOf(range.value)
	const long = bounds.until - bounds.since > day
	return (
		<div aria-busy={stale}>
			<Table
				main
				label={t("nav.requests")}
				density="m"
				rows={rows}
				columns={tableColumns(long)}
				rowKey={(c) => c.id}
				onOpen={(c) => go(href(["requests", c.id]))}
				empty={data.searched ? <></> : <NoCalls />}
			/>
			<nav class="pages" aria-label={t("requests.pages")}>
				{data.searched && <span class="t2">{t("requests.searched", { time: long ? dayTime(data.searched) : clockTime(data.searched) })}</span>}
				{before && <a class="btn s" href={hrefWith({ before: null })}>{t("requests.newest")}</a>}
				{data.next && (
					<a class="btn s" href={hrefWith({ before: data.next })}>
						{data.searched ? t("requests.searchOn") : t("requests.older")}
						<Icon name="right" small />
					</a>
				)}
			</nav>
		</div>
	)
}

/** Says which filters could be dropped, or how to get a first call. */
function NoCalls() {
	if (channelStates.value?.length === 0 && isOperator()) return <Empty title={t("ch.none")} action={<a class="btn pri" href={href("welcome")}>{t("ch.first")}</a>}>{t("ch.noneHelp")}</Empty>
	const filters = activeFilters()
	if (filters.length === 0) {
		return <Empty title={t("requests.none", { range: rangeText() })} action={<a class="btn" href={hrefWith({ range: "30d" })}>{t("range.last.30d")}</a>}>{t("requests.noneHelp")}</Empty>
	}
	return (
		<Empty
			title={t("requests.noMatch")}
			action={
				<span class="chips dropfilters">
					{filters.map((name) => (
						<a key={name} class="btn s" href={hrefWith({ [name]: null, before: null })}>
							<Icon name="x" small />
							<span class="clipped" dir="auto">{t("requests.drop", { name: t(`requests.filter.${name}`), value: filterValue(name, param(name)) })}</span>
						</a>
					))}
				</span>
			}
		>
			{t("requests.noMatchHelp", { range: rangeText() })}
		</Empty>
	)
}
