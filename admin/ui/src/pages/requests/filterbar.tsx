import { useRef, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { asProblem } from "../../api/problem"
import { isOperator } from "../../api/session"
import { Chips } from "../../components/chips"
import { Icon } from "../../components/icon"
import { Popover } from "../../components/menu"
import { problemText } from "../../components/problemtext"
import { t, tCode, type Key } from "../../i18n/text"
import { boundsOf, queryOf, range } from "../../shell/range"
import { param, setQuery } from "../../shell/router"
import { callClasses, type FilterName } from "./filters"

interface Choice {
	value: string
	text: string
}

const protocols = ["anthropic", "openai", "responses", "gemini"]
const statuses = ["200", "400", "401", "404", "429", "499", "500", "502", "503", "529"]
const durations = ["1s", "2s", "5s", "10s", "30s", "60s", "120s"]
const mostOffered = 200

const plain = (values: readonly string[]): Choice[] => values.map((value) => ({ value, text: value }))

/** The values that occur in the range, the costliest first. */
async function occurring(rows: "model" | "token" | "channel"): Promise<Choice[]> {
	const { since, until } = queryOf(boundsOf(range.value))
	const table = await ask("GET costs", { query: { rows, since, until, most_rows: mostOffered } })
	return plain((table.row_list ?? []).map((r) => r.name).filter(Boolean))
}

async function outcomes(): Promise<Choice[]> {
	const known = (await ask("GET catalogue")).outcomes ?? []
	return [
		...callClasses.map((c) => ({ value: c, text: outcomeText(c) })),
		...known.filter((k) => k !== "ok").map((k) => ({ value: k, text: tCode("kind", k) })),
	]
}

const outcomeText = (value: string): string => ((callClasses as readonly string[]).includes(value) ? t(`requests.class.${value}` as Key) : tCode("kind", value))

const longerText = (value: string): string => `≥ ${value.replace(/s$/, " s")}`

const offered: Record<Exclude<FilterName, "text">, () => Promise<Choice[]>> = {
	outcome: outcomes,
	model: () => occurring("model"),
	token: () => occurring("token"),
	channel: () => occurring("channel"),
	protocol: async () => plain(protocols),
	status: async () => plain(statuses),
	longer: async () => durations.map((value) => ({ value, text: longerText(value) })),
}

/** A filter's value as people read it. */
export const filterValue = (name: FilterName, value: string): string => (name === "outcome" ? outcomeText(value) : name === "longer" ? longerText(value) : value)

/** The chips above the list. */
export function FilterBar() {
	const names: Exclude<FilterName, "text">[] = isOperator() ? ["outcome", "model", "token", "channel", "protocol", "status", "longer"] : ["outcome", "model", "protocol", "status", "longer"]
	return (
		<Chips label={t("requests.filters")}>
			{names.map((name) => <Filter key={name} name={name} />)}
			<TextFilter key={param("text") === "" ? "empty" : "text"} />
		</Chips>
	)
}

const setFilter = (name: FilterName, value: string | null, replace = false) => setQuery({ [name]: value, before: null }, replace)

function Filter({ name }: { name: Exclude<FilterName, "text"> }) {
	const [choices, setChoices] = useState<Choice[] | undefined>(undefined)
	const [problem, setProblem] = useState("")
	const value = param(name)
	const load = () => {
		setProblem("")
		offered[name]().then(setChoices, (e) => setProblem(problemText(asProblem(e) ?? e)))
	}
	return (
		<span class="filter">
			<Popover
				label={t(`requests.filter.${name}`)}
				class="filterpop"
				onOpen={load}
				button={{
					class: "chipbtn" + (value ? " on" : ""),
					children: (
						<>
							<span>{t(`requests.filter.${name}`)}</span>
							{value && <b class="clipped" dir="auto">{filterValue(name, value)}</b>}
							<Icon name="down" small />
						</>
					),
				}}
			>
				{(close) => (
					<Choices
						name={name}
						value={value}
						choices={choices}
						problem={problem}
						choose={(v) => {
							close()
							setFilter(name, v)
						}}
					/>
				)}
			</Popover>
		</span>
	)
}

const typed: readonly FilterName[] = ["model", "token", "channel", "status"]

function Choices({ name, value, choices, problem, choose }: { name: FilterName; value: string; choices: Choice[] | undefined; problem: string; choose: (value: string | null) => void }) {
	const [text, setText] = useState("")
	const shown = (choices ?? []).filter((c) => c.text.toLowerCase().includes(text.trim().toLowerCase())).slice(0, mostOffered)
	return (
		<>
			{typed.includes(name) && (
				<form
					class="filtertext"
					onSubmit={(e) => {
						e.preventDefault()
						const given = text.trim()
						if (given) choose(shown.length === 1 && shown[0] ? shown[0].value : given)
					}}
				>
					<span class="in">
						<input type="text" aria-label={t(`requests.filter.${name}` as Key)} placeholder={name === "status" ? "429" : t("requests.pattern")} value={text} maxLength={512} spellcheck={false} autoComplete="off" onInput={(e) => setText(e.currentTarget.value)} />
					</span>
				</form>
			)}
			{problem && <p class="err choicenote">{problem}</p>}
			{!choices && !problem && <p class="t3 choicenote">{t("state.loading")}</p>}
			{choices && shown.length === 0 && <p class="t3 choicenote">{text ? t("requests.pressEnter") : t("requests.noneOccurs")}</p>}
			<div class="menu choices" role="group">
				{value && (
					<button type="button" onClick={() => choose(null)}>
						<Icon name="x" small />
						<span>{t("requests.any")}</span>
					</button>
				)}
				{shown.map((c) => (
					<button key={c.value} type="button" aria-pressed={c.value === value} onClick={() => choose(c.value)}>
						<Icon name="check" small class={c.value === value ? "" : "gone"} />
						<span class="clipped" dir="auto" title={c.text}>{c.text}</span>
					</button>
				))}
			</div>
		</>
	)
}

const typingPause = 400

function TextFilter() {
	const [text, setText] = useState(param("text"))
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
	const apply = (value: string) => {
		clearTimeout(timer.current)
		setFilter("text", value.trim() || null, true)
	}
	return (
		<label class={"in textfilter" + (text ? " on" : "")}>
			<Icon name="search" small />
			<span class="sr">{t("requests.filter.text")}</span>
			<input
				type="search"
				placeholder={t("requests.filter.text")}
				value={text}
				maxLength={200}
				spellcheck={false}
				autoComplete="off"
				onInput={(e) => {
					const value = e.currentTarget.value
					setText(value)
					clearTimeout(timer.current)
					timer.current = setTimeout(() => apply(value), typingPause)
				}}
				onKeyDown={(e) => {
					if (e.key === "Enter") apply(text)
				}}
			/>
		</label>
	)
}
