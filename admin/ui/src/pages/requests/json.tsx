import { useState } from "preact/hooks"
import { t } from "../../i18n/text"

/** A text as JSON; undefined if it is none. */
export function parsed(text: string): { value: unknown } | undefined {
	if (!/^\s*[[{]/.test(text)) return undefined
	try {
		return { value: JSON.parse(text) as unknown }
	} catch {
		return undefined
	}
}

const openDepth = 2
const firstMembers = 50

/** JSON that folds. Only what is unfolded is drawn. */
export function JsonView({ value, name, depth }: { value: unknown; name?: string; depth: number }) {
	const [open, setOpen] = useState(depth < openDepth)
	const [all, setAll] = useState(false)
	const label = name === undefined ? null : <span class="jname">{name}: </span>
	if (typeof value !== "object" || value === null) {
		return (
			<div class="jline" dir="auto">
				{label}
				<span class={"j" + typeof value}>{JSON.stringify(value)}</span>
			</div>
		)
	}
	const isList = Array.isArray(value)
	const members: [string, unknown][] = isList ? value.map((v, i): [string, unknown] => [String(i), v]) : Object.entries(value)
	const shown = all ? members : members.slice(0, firstMembers)
	return (
		<div class="jline">
			<button type="button" class="jfold" aria-expanded={open} onClick={() => setOpen(!open)}>
				{label}
				<span class="t3">{isList ? `[${members.length}]` : `{${members.length}}`}</span>
			</button>
			{open && (
				<div class="jin">
					{shown.map(([key, v]) => <JsonView key={key} name={key} value={v} depth={depth + 1} />)}
					{shown.length < members.length && (
						<button type="button" class="link small" onClick={() => setAll(true)}>
							{t("requests.moreMembers", { n: members.length - shown.length })}
						</button>
					)}
				</div>
			)}
		</div>
	)
}
