import type { ComponentChildren } from "preact"
import { axisDuration } from "../i18n/format"

export interface TimelinePart {
	/** Nanoseconds since the call arrived. */
	from: number
	to: number
	kind: "wait" | "ready" | "resting" | "failed" | "probing" | "muted" | "choose"
	text?: string
}

export interface TimelineRow {
	key: string
	index?: string
	name: ComponentChildren
	sub?: ComponentChildren
	parts: readonly TimelinePart[]
	/** Behind the last part. */
	mark?: string
	/** From here on the client was being answered. */
	commit?: number
	what: ComponentChildren
	end: ComponentChildren
	endSub?: ComponentChildren
}

const fills = { wait: "f-wait", ready: "f-ready", resting: "f-resting", failed: "f-failed", probing: "f-probing", muted: "f-muted", choose: "f-text" }

/** A round step that makes at most seven marks. */
function stepOf(total: number): number {
	const rough = total / 6
	const size = 10 ** Math.floor(Math.log10(rough))
	return size * (rough / size <= 1 ? 1 : rough / size <= 2 ? 2 : rough / size <= 5 ? 5 : 10)
}

/** What happened in one call, one row per attempt, on one axis of time. */
export function Timeline({ rows, total }: { rows: readonly TimelineRow[]; total: number }) {
	const end = Math.max(total, 1e6) * 1.03
	const step = stepOf(end)
	const marks = Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step)
	const x = (t: number) => `${((100 * t) / end).toFixed(3)}%`
	return (
		<div class="tl">
			<div class="row axis">
				<span />
				<div class="mid">
					<svg class="lane" aria-hidden="true">
						{marks.map((m) => <text key={m} x={x(m)} y="12" class={m > 0.88 * end ? "late" : undefined}>{axisDuration(m, end)}</text>)}
					</svg>
				</div>
				<span />
			</div>
			{rows.map((r) => (
				<div class="row" key={r.key}>
					<div class="who">
						<span class="ix">{r.index}</span>
						<div>
							<b>{r.name}</b>
							{r.sub && <div class="sub">{r.sub}</div>}
						</div>
					</div>
					<div class="mid">
						<svg class="lane" aria-hidden="true">
							{marks.map((m) => <line key={m} class="g" x1={x(m)} x2={x(m)} y1="-9" y2="24" />)}
							{r.parts.map((p, i) => (
								<rect key={i} class={fills[p.kind]} x={x(p.from)} y="2" height="16" rx="1.5" width={x(Math.max(p.to - p.from, end / 500))} />
							))}
							{r.parts.map((p, i) => (p.text && p.to - p.from > end / 12 ? <text key={i} class="lanetext" x={x((p.from + p.to) / 2)} y="14" text-anchor="middle">{p.text}</text> : null))}
							{r.commit !== undefined && <line class="commit" x1={x(r.commit)} x2={x(r.commit)} y1="-4" y2="24" />}
							{r.mark && <text class="mark" x={x(Math.max(...r.parts.map((p) => p.to)))} dx="6" y="14">{r.mark}</text>}
						</svg>
						<div class="what">{r.what}</div>
					</div>
					<div class="end">
						{r.end}
						{r.endSub && <span class="sub">{r.endSub}</span>}
					</div>
				</div>
			))}
		</div>
	)
}
