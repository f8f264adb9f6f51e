import { useMemo, useRef, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { second, serverNow } from "../../api/clock"
import { refreshChannels } from "../../api/live"
import type { KeyChange, Statistics, TestAnswer } from "../../api/types"
import type { Sent } from "../../api/sent"
import { Button } from "../../components/button"
import { testModelFor } from "../../components/channelactions"
import { whyOf } from "../../components/channelstate"
import { Chips, FilterChip } from "../../components/chips"
import { Icon } from "../../components/icon"
import type { IconName } from "../../components/icons"
import { Menu } from "../../components/menu"
import { Empty } from "../../components/notice"
import { Countdown, State, type Tone } from "../../components/state"
import { type Column, Table } from "../../components/table"
import { toast, toastError } from "../../components/toast"
import { duration, money, none, percent, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { hrefWith, param } from "../../shell/router"
import { rest, rests, wake } from "./actions"
import type { Row } from "./data"
import { type KeyRow, keyRows, type KeyState, keyStates } from "./keyrows"
import { NoteDialog, PasteDialog, RotateDialog } from "./keydialogs"
import { keyName } from "./resting"
import { useRun } from "./run"
import { AtOnce, RunBar } from "./runbar"

const looks: Record<KeyState, { tone: Tone; icon: IconName }> = {
	ready: { tone: "ready", icon: "ready" }, low: { tone: "resting", icon: "limited" }, resting: { tone: "resting", icon: "resting" }, failed: { tone: "failed", icon: "failed" }, off: { tone: "muted", icon: "muted" },
}

export async function changeKeys(name: string, change: Sent<KeyChange>) {
	const done = await ask("POST channels/{name}/keys", { path: { name }, body: change })
	refreshChannels()
	return done
}

/** A model that keys and addresses are tested with. */
export const testModelOf = (row: Row): Promise<string | undefined> => testModelFor(row.name, [...(row.config.models ?? []), ...Object.keys(row.config.model_names ?? {}), ...(row.channel?.models ?? [])])

/** One short call by one key. */
export async function testKey(row: Row, key: string, model: string | undefined, stop?: AbortSignal): Promise<TestAnswer> {
	const list = await ask("POST channels/{name}/test", { path: { name: row.name }, body: { channel: row.name, key, models: model ? [model] : undefined, stream: true }, signal: stop })
	return list?.[0] as TestAnswer
}

/** The keys of a channel: thousands are fine. */
export function KeysTab({ row, statistics }: { row: Row; statistics: Statistics | undefined }) {
	const [selected, setSelected] = useState<Set<string>>(new Set())
	const [atOnce, setAtOnce] = useState(4)
	const [dialog, setDialog] = useState<{ kind: "paste" } | { kind: "rotate" | "note"; key: KeyRow } | undefined>(undefined)
	const model = useRef<string | undefined>(undefined)
	const run = useRun((key, stop) => testKey(row, key, model.current, stop))
	const begin = async (ids: readonly string[]) => {
		model.current = await testModelOf(row)
		await run.start(ids, atOnce)
	}
	const tick = Math.floor(second.value / 2000)
	const all = useMemo(() => keyRows(row, statistics, serverNow()), [row, statistics, tick])
	const wanted = param("keys") as KeyState | ""
	const shown = useMemo(() => (wanted ? all.filter((k) => k.state === wanted) : all), [all, wanted])
	const counts = useMemo(() => new Map(keyStates.map((s) => [s, all.filter((k) => k.state === s).length])), [all])
	const chosen = all.filter((k) => selected.has(k.id))
	const failed = all.filter((k) => run.results.get(k.id)?.ok === false)
	const name = row.name
	const test = async (keys: readonly KeyRow[]) => {
		const usable = keys.filter((k) => k.key).map((k) => k.id)
		if (usable.length > 0) await begin(usable)
		refreshChannels()
	}
	const remove = async (keys: readonly KeyRow[]) => {
		const done = await changeKeys(name, { remove: keys.map((k) => k.id) })
		setSelected(new Set())
		toast(t("ch.keysRemoved", { n: done.removed }))
	}
	const switchKeys = async (keys: readonly KeyRow[], on: boolean) => {
		const ids = keys.map((k) => k.id)
		await changeKeys(name, on ? { enable: ids } : { disable: ids })
		toast(t(on ? "ch.keysOn" : "ch.keysOff", { n: ids.length }), () => changeKeys(name, on ? { disable: ids } : { enable: ids }))
	}
	const columns: Column<KeyRow>[] = [
		{ id: "key", head: t("ch.key"), class: "p1", sort: (k) => keyName(k.config.last_four, k.id), cell: (k) => <><code class="keyname" title={k.id}>{keyName(k.config.last_four, k.id)}</code>{k.config.note && <span class="t3 clipname keynote" dir="auto" title={k.config.note}>{k.config.note}</span>}</> },
		{ id: "state", head: t("overview.state"), class: "w100 clip p3", descending: true, sort: (k) => keyStates.indexOf(k.state), title: (k) => k.entry?.message, cell: (k) => <KeyStateCell row={k} /> },
		{ id: "calls", head: t("ch.calls"), num: true, class: "w2 p2", descending: true, sort: (k) => k.calls, cell: (k) => <>{whole(k.calls)}<span class="only-phone"> {t("ch.callsWord", { n: k.calls })}</span></> },
		{ id: "success", head: t("overview.success"), num: true, class: "w2", sort: (k) => (k.calls ? k.ok / k.calls : undefined), cell: (k) => (k.calls ? percent(k.ok / k.calls) : none) },
		{ id: "cost", head: t("ch.spend"), num: true, class: "w2", descending: true, sort: (k) => k.cost, cell: (k) => (k.calls ? money(k.cost) : none) },
		{ id: "flight", head: t("overview.inFlight"), num: true, class: "w3", descending: true, sort: (k) => k.key?.in_flight, cell: (k) => (k.key ? whole(k.key.in_flight) : none) },
		...(run.total > 0 ? [{ id: "test", head: t("action.test"), class: "testcell p4", sort: (k: KeyRow) => testRank(run.results.get(k.id)), cell: (k: KeyRow) => <TestCell answer={run.results.get(k.id)} running={run.running.has(k.id)} /> }] : []),
		{ id: "action", head: t("overview.action"), hidden: true, num: true, class: "chaction", cell: (k) => <KeyActions row={row} k={k} onTest={() => test([k])} onRotate={() => setDialog({ kind: "rotate", key: k })} onNote={() => setDialog({ kind: "note", key: k })} onSwitch={(on) => switchKeys([k], on)} onRemove={() => remove([k])} /> },
	]
	return (
		<section>
			<div class="tabbar">
				{chosen.length > 0 ? (
					<>
						<b>{t("ch.keysChosen", { n: chosen.length })}</b>
						<Button busy={run.busy} onClick={() => test(chosen)}>{t("action.test")}</Button>
						{!row.declared && (
							<>
								<Button disabled={chosen.every((k) => k.config.disabled)} onClick={() => switchKeys(chosen.filter((k) => !k.config.disabled), false)}>{t("ch.switchOff")}</Button>
								<Button disabled={!chosen.some((k) => k.config.disabled)} onClick={() => switchKeys(chosen.filter((k) => k.config.disabled), true)}>{t("ch.switchOn")}</Button>
								<RemoveKeys keys={chosen} onRemove={remove} text={t("action.remove")} />
							</>
						)}
						<Button kind="quiet" icon="x" label={t("ch.chooseNone")} onClick={() => setSelected(new Set())} />
					</>
				) : (
					<Chips label={t("ch.keyFilter")}>
						<FilterChip href={hrefWith({ keys: null })} on={!wanted}>{t("ch.all")} <b>{whole(all.length)}</b></FilterChip>
						{keyStates.filter((s) => (counts.get(s) ?? 0) > 0 || s === wanted).map((s) => (
							<FilterChip key={s} href={hrefWith({ keys: wanted === s ? null : s })} on={wanted === s}>
								<span class={"st " + looks[s].tone}><Icon name={looks[s].icon} /></span> <b>{whole(counts.get(s) ?? 0)}</b> {t(`ch.keyState.${s}`)}
							</FilterChip>
						))}
					</Chips>
				)}
				<span class="push chips">
					{failed.length > 0 && !run.busy && !row.declared && <RemoveKeys keys={failed} onRemove={remove} text={t("ch.removeFailed", { n: failed.length })} />}
					<AtOnce value={atOnce} onChange={setAtOnce} />
					<Button busy={run.busy} disabled={all.length === 0} title={t("ch.testsCost")} onClick={() => test(wanted ? shown : all)}>{t(wanted ? "ch.testShown" : "ch.testAll")}</Button>
					{!row.declared && <Button kind="primary" icon="plus" onClick={() => setDialog({ kind: "paste" })}>{t("ch.pasteKeys")}</Button>}
				</span>
			</div>
			<RunBar run={run} failed={failed.length} />
			<Table
				main
				label={t("overview.keys")}
				rows={shown}
				columns={columns}
				rowKey={(k) => k.id}
				sort="-state"
				sortName="keysort"
				selected={selected}
				onSelect={setSelected}
				empty={<Empty title={t(all.length === 0 ? "ch.noKeys" : "ch.noKeyMatch")} action={all.length > 0 ? <a class="btn" href={hrefWith({ keys: null })}>{t("ch.dropFilter")}</a> : undefined}>{all.length === 0 && t("ch.noKeysHelp")}</Empty>}
			/>
			<p class="small t3 foot2">{t("ch.writeOnly")}</p>
			{dialog?.kind === "paste" && <PasteDialog row={row} onClose={() => setDialog(undefined)} onAdded={(ids, then) => then && void begin(ids).catch(toastError)} />}
			{dialog?.kind === "rotate" && <RotateDialog row={row} old={dialog.key} onClose={() => setDialog(undefined)} />}
			{dialog?.kind === "note" && <NoteDialog row={row} of={dialog.key} onClose={() => setDialog(undefined)} />}
		</section>
	)
}

const testRank = (a: TestAnswer | undefined): number | undefined => a && (a.ok ? (a.first_content_ns ?? a.duration_ns) : 1e15)

function KeyStateCell({ row: k }: { row: KeyRow }) {
	const why = k.state === "off" || k.state === "ready" ? "" : k.entry ? (k.entry.rule === "by hand" ? t("ch.byHand") : whyOf(k.entry)) : ""
	const until = k.state === "resting" ? (k.key?.until ?? k.entry?.until) : undefined
	return (
		<State
			{...looks[k.state]}
			why={
				<>
					{why}
					{until && <>{why && ", "}{t("overview.backIn")} <Countdown until={until} /></>}
					{k.entry?.message && k.entry.rule !== "by hand" && k.state !== "ready" && <span class="t3"> · {k.entry.message}</span>}
				</>
			}
		>
			{t(`ch.keyState.${k.state}`)}
		</State>
	)
}

export function TestCell({ answer: a, running }: { answer: TestAnswer | undefined; running: boolean }) {
	if (running) return <State tone="probing" icon="probing">{t("ch.testing")}</State>
	if (!a) return <span class="t3 notstacked">{none}</span>
	return a.ok ? <State tone="ready" icon="check" title={a.text}>{duration(a.first_content_ns ?? a.duration_ns)}</State> : <State tone="failed" icon="failed" title={a.message}>{a.status && a.status >= 400 ? String(a.status) : ""} {tCode("short", a.outcome)}</State>
}

/** Removes after a second click: keys cannot be brought back. */
function RemoveKeys({ keys, onRemove, text }: { keys: readonly KeyRow[]; onRemove: (keys: readonly KeyRow[]) => Promise<void>; text: string }) {
	const [sure, setSure] = useState(false)
	return sure ? (
		<>
			<Button kind="danger" onClick={async () => (await onRemove(keys), setSure(false))}>{t("ch.removeForGood", { n: keys.length })}</Button>
			<Button kind="quiet" onClick={() => setSure(false)}>{t("action.cancel")}</Button>
		</>
	) : (
		<Button kind="danger" onClick={() => setSure(true)}>{text}</Button>
	)
}

function KeyActions({ row, k, onTest, onRotate, onNote, onSwitch, onRemove }: { row: Row; k: KeyRow; onTest: () => unknown; onRotate: () => void; onNote: () => void; onSwitch: (on: boolean) => unknown; onRemove: () => unknown }) {
	const what = { channel: row.name, key: k.id }
	const name = keyName(k.config.last_four, k.id)
	return (
		<span class="acts">
			{k.state === "resting" || k.state === "failed" ? <Button size="s" kind="quiet" onClick={() => wake(what, name)}>{t("action.wake")}</Button> : null}
			{!row.declared && <Button size="s" kind="quiet" onClick={onRotate}>{t("ch.rotate")}</Button>}
			<Menu
				button={{ kind: "quiet", size: "s", icon: "more", label: t("overview.moreOf", { name }) }}
				items={[
					{ text: t("action.test"), icon: "check", disabled: !k.key, run: onTest },
					...rests.map((x) => ({ text: t(x.text), icon: "resting" as const, disabled: !k.key, run: () => rest({ scope: "key", ...what }, x.seconds, name) })),
					...(row.declared
						? []
						: [
								{ text: t(k.config.disabled ? "ch.switchOn" : "ch.switchOff"), icon: "muted" as const, run: () => onSwitch(Boolean(k.config.disabled)) },
								{ text: t("ch.note"), icon: "edit" as const, run: onNote },
								{ text: t("action.remove"), icon: "trash" as const, danger: true, run: onRemove },
							]),
				]}
			/>
		</span>
	)
}
