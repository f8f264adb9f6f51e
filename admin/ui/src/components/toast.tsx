import { signal } from "@preact/signals"
import { asProblem } from "../api/problem"
import { t } from "../i18n/text"
import { problemText } from "./problemtext"
import { Icon } from "./icon"

interface Toast {
	id: number
	text: string
	bad: boolean
	undo?: () => unknown
	timer?: ReturnType<typeof setTimeout>
}

const toasts = signal<Toast[]>([])
let last = 0

const dismiss = (id: number) => {
	toasts.value = toasts.value.filter((x) => x.id !== id)
}

/** Says that something was done, and offers to take it back. It goes after some seconds, later if it can be taken back. */
export function toast(text: string, undo?: () => unknown): void {
	add({ text, bad: false, undo }, undo ? 10_000 : 4_000)
}

/** Says that something was not done. It stays until it is dismissed. */
export function toastError(problem: unknown): void {
	const p = asProblem(problem)
	if (p) add({ text: problemText(p), bad: true })
}

function add(x: Omit<Toast, "id">, life?: number): void {
	const id = ++last
	const timer = life ? setTimeout(() => dismiss(id), life) : undefined
	toasts.value = [...toasts.value.slice(-3), { ...x, id, timer }]
}

/** Where toasts appear; the shell has one. */
export function Toasts() {
	return (
		<div class="toasts" role="status" aria-live="polite">
			{toasts.value.map((x) => (
				<div key={x.id} class={"toast" + (x.bad ? " bad" : "")} onMouseEnter={() => clearTimeout(x.timer)}>
					<Icon name={x.bad ? "failed" : "check"} small />
					<span>{x.text}</span>
					{x.undo && (
						<button
							type="button"
							class="link"
							onClick={async () => {
								dismiss(x.id)
								try {
									await x.undo?.()
								} catch (problem) {
									toastError(problem)
								}
							}}
						>
							{t("action.undo")}
						</button>
					)}
					<button type="button" class="close" aria-label={t("action.dismiss")} onClick={() => dismiss(x.id)}>
						<Icon name="x" small />
					</button>
				</div>
			))}
		</div>
	)
}
