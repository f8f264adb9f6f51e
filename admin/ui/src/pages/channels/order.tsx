import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { refreshChannels } from "../../api/live"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { Icon } from "../../components/icon"
import { toast } from "../../components/toast"
import { t } from "../../i18n/text"
import type { Row } from "./data"

const step = 10

/** Tiers from the first to be used down; what stands in one tier shares its traffic. */
export function OrderDialog({ rows, onClose }: { rows: readonly Row[]; onClose: () => void }) {
	const [list, setList] = useState(() => [...rows].sort((a, b) => (b.config.priority ?? 0) - (a.config.priority ?? 0) || a.name.localeCompare(b.name)))
	const [dragged, setDragged] = useState<string | undefined>(undefined)
	const [moved, setMoved] = useState<ReadonlySet<string>>(new Set())
	const move = (name: string, to: number) => {
		const from = list.findIndex((r) => r.name === name)
		if (from < 0 || to < 0 || to >= list.length || from === to) return
		const next = [...list]
		next.splice(to, 0, ...next.splice(from, 1))
		setList(next)
		setMoved(new Set([...moved, name]))
	}
	const priorities = prioritiesOf(list, moved)
	const changed = list.filter((r) => !r.declared && priorities.get(r.name) !== (r.config.priority ?? 0))
	const save = async () => {
		const set = async (of: (r: Row) => number) => {
			const groups = new Map<number, string[]>()
			for (const r of changed) groups.set(of(r), [...(groups.get(of(r)) ?? []), r.name])
			for (const [priority, names] of groups) await ask("POST channels/batch", { body: { names, change: { priority } } })
			refreshChannels()
		}
		await set((r) => priorities.get(r.name) ?? 0)
		toast(t("ch.changed", { n: changed.length }), () => set((r) => r.config.priority ?? 0))
		onClose()
	}
	return (
		<Dialog
			title={t("ch.orderTitle")}
			onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>{t("action.cancel")}</Button>
					<Button kind="primary" disabled={changed.length === 0} onClick={save}>{t("action.save")}</Button>
				</>
			}
		>
			<p class="t2 small">{t("ch.orderHelp")}</p>
			<ol class="orderlist">
				{list.map((r, i) => (
					<li
						key={r.name}
						draggable={!r.declared}
						class={dragged === r.name ? "drag" : undefined}
						onDragStart={() => setDragged(r.name)}
						onDragEnd={() => setDragged(undefined)}
						onDragOver={(e) => {
							e.preventDefault()
							if (dragged && dragged !== r.name) move(dragged, i)
						}}
					>
						<Icon name={r.declared ? "file" : "drag"} small label={r.declared ? t("ch.declared") : undefined} />
						<span class="clipped" dir="auto">{r.name}</span>
						<span class={"num " + (changed.includes(r) ? "" : "t3")}>{priorities.get(r.name)}</span>
						<Button size="s" kind="quiet" icon="down" class="turned" disabled={r.declared || i === 0} label={t("ch.up", { name: r.name })} onClick={() => move(r.name, i - 1)} />
						<Button size="s" kind="quiet" icon="down" disabled={r.declared || i === list.length - 1} label={t("ch.downOf", { name: r.name })} onClick={() => move(r.name, i + 1)} />
					</li>
				))}
			</ol>
		</Dialog>
	)
}

/** Priorities that give this order: what was not moved keeps its own; what was moved goes between its neighbours, and joins them where they are equal. */
function prioritiesOf(list: readonly Row[], moved: ReadonlySet<string>): Map<string, number> {
	const result = new Map<string, number>()
	let below: number | undefined
	for (let i = list.length - 1; i >= 0; i--) {
		const r = list[i] as Row
		const above = list.slice(0, i).reverse().find((x) => !moved.has(x.name))
		const priority: number = moved.has(r.name) ? between(below, above && (above.config.priority ?? 0)) : (r.config.priority ?? 0)
		result.set(r.name, priority)
		below = priority
	}
	return result
}

function between(below: number | undefined, above: number | undefined): number {
	if (below === undefined) return above === undefined ? 0 : above - step
	if (above === undefined || below + step < above) return below + step
	return Math.min(below + 1, above)
}
