import { useRef, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { refreshChannels } from "../../api/live"
import { type ApiError, asProblem } from "../../api/problem"
import type { ConfigURL, TestAnswer, URL as Address } from "../../api/types"
import { Button } from "../../components/button"
import { TextField } from "../../components/field"
import { addressFor } from "../../components/guess"
import { Menu } from "../../components/menu"
import { Empty } from "../../components/notice"
import { problemText } from "../../components/problemtext"
import { Badge, Countdown, State } from "../../components/state"
import { Table } from "../../components/table"
import { toast } from "../../components/toast"
import { duration, none } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { rest, rests, wake } from "./actions"
import type { Row } from "./data"
import { TestCell, testModelOf } from "./keys"
import { confirmed } from "./password"
import { useRun } from "./run"
import { RunBar } from "./runbar"

/** Where a channel is: its addresses, how they are, and a test of each. */
export function AddressesTab({ row }: { row: Row }) {
	const model = useRef<string | undefined>(undefined)
	const test = async (urls: readonly string[]) => {
		model.current = await testModelOf(row)
		await run.start(urls, 4)
	}
	const run = useRun(async (url, stop) => (await ask("POST channels/{name}/test", { path: { name: row.name }, body: { channel: row.name, url, models: model.current ? [model.current] : undefined, stream: true }, signal: stop }))?.[0] as TestAnswer)
	const list = row.channel?.urls ?? []
	const own = row.config.urls ?? []
	const failed = list.filter((u) => run.results.get(u.url)?.ok === false).length
	const save = async (urls: ConfigURL[], said: string, undo: boolean) => {
		const set = (to: readonly ConfigURL[]) => confirmed((password) => ask("PATCH channels/{name}", { path: { name: row.name }, body: { urls: to.length > 0 ? [...to] : null, password } })).then(refreshChannels)
		await set(urls)
		toast(said, undo ? () => set(own) : undefined)
	}
	const entryOf = (u: Address) => (row.channel?.cooling ?? []).find((e) => e.url === u.url)
	return (
		<section>
			<div class="tabbar">
				<span class="small t2">{own.length === 0 ? t("ch.presetAddresses", { provider: row.config.provider ?? "" }) : t("ch.addressesHelp")}</span>
				<span class="push chips">
					<Button busy={run.busy} onClick={() => test(list.map((u) => u.url))}>{t("ch.testAll")}</Button>
				</span>
			</div>
			<RunBar run={run} failed={failed} />
			<Table
				label={t("ch.tab.addresses")}
				rows={list}
				rowKey={(u) => u.url}
				empty={<Empty title={t("ch.noAddresses")} />}
				columns={[
					{ id: "url", head: t("ch.address"), class: "p1 w100 clip", title: (u) => u.url, cell: (u) => <code>{u.url}</code> },
					{ id: "protocols", head: t("ch.protocols"), class: "w3 p3", cell: (u) => <span class="chips nowrap">{(u.protocols ?? []).map((p) => <Badge key={p} mono>{p}</Badge>)}</span> },
					{
						id: "state", head: t("overview.state"), class: "p2", title: (u) => entryOf(u)?.message,
						cell: (u) => u.usable ? <State tone="ready" icon="ready">{t("channel.ready")}</State> : <State tone="resting" icon="resting" why={<>{entryOf(u) && tCode("kind", entryOf(u)?.kind ?? "")} {u.until && <Countdown until={u.until} />}</>}>{t("channel.resting")}</State>,
					},
					{ id: "first", head: t("overview.first"), num: true, class: "p4", cell: (u) => <TestCell answer={run.results.get(u.url)} running={run.running.has(u.url)} /> },
					{ id: "all", head: t("ch.total"), num: true, class: "w2", cell: (u) => { const a = run.results.get(u.url); return a?.ok ? duration(a.duration_ns) : none } },
					{
						id: "action", head: t("overview.action"), hidden: true, num: true, class: "chaction",
						cell: (u) => (
							<span class="acts">
								<Button size="s" kind="quiet" onClick={() => test([u.url])}>{t("action.test")}</Button>
								{!u.usable && <Button size="s" kind="quiet" onClick={() => wake({ channel: row.name, url: u.url }, u.url)}>{t("action.wake")}</Button>}
								<Menu
									button={{ kind: "quiet", size: "s", icon: "more", label: t("overview.moreOf", { name: u.url }) }}
									items={[
										...rests.map((x) => ({ text: t(x.text), icon: "resting" as const, run: () => rest({ scope: "url", channel: row.name, url: u.url }, x.seconds, u.url) })),
										...(row.declared || own.length === 0 ? [] : [{ text: t("action.remove"), icon: "trash" as const, danger: true, disabled: own.length === 1 && !row.config.provider, run: () => save(own.filter((o) => o.url !== u.url), t("ch.addressRemoved"), true) }]),
									]}
								/>
							</span>
						),
					},
				]}
			/>
			{!row.declared && <AddAddress onAdd={(url) => save([...own, url], t("ch.addressAdded"), true)} />}
		</section>
	)
}

function AddAddress({ onAdd }: { onAdd: (url: ConfigURL) => Promise<void> }) {
	const [text, setText] = useState("")
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const save = async () => {
		if (busy || !text.trim()) return
		setBusy(true)
		try {
			const [url = "", ...protocols] = text.trim().split(/[\s,]+/)
			await onAdd(protocols.length > 0 ? { url: addressFor(url), protocols } : { url: addressFor(url) })
			setText("")
			setError(undefined)
		} catch (e) {
			setError(asProblem(e))
		} finally {
			setBusy(false)
		}
	}
	return (
		<form
			class="addline"
			noValidate
			onSubmit={(e) => {
				e.preventDefault()
				void save()
			}}
		>
			<TextField label={t("ch.addAddress")} mono value={text} onInput={(v) => (setText(v), setError(undefined))} placeholder="https://api.example.com" error={error && problemText(error)} help={t("ch.addAddressHelp")} />
			<Button submit busy={busy} disabled={!text.trim()}>{t("action.add")}</Button>
		</form>
	)
}
