import type { ChannelState } from "../../components/channelstate"
import { Chips, FilterChip } from "../../components/chips"
import { Icon } from "../../components/icon"
import type { IconName } from "../../components/icons"
import { whole } from "../../i18n/format"
import { t, type Key } from "../../i18n/text"
import { hrefWith, param, setQuery } from "../../shell/router"
import type { Row } from "./data"

interface Group {
	id: string
	text: Key
	icon: IconName
	tone: string
	states: readonly ChannelState["id"][]
}

const groups: readonly Group[] = [
	{ id: "ready", text: "channel.ready", icon: "ready", tone: "ready", states: ["ready"] },
	{ id: "resting", text: "ch.restingOrLimited", icon: "resting", tone: "resting", states: ["resting", "some", "limited"] },
	{ id: "failed", text: "channel.failed", icon: "failed", tone: "failed", states: ["failed"] },
	{ id: "probing", text: "channel.probing", icon: "probing", tone: "probing", states: ["probing"] },
	{ id: "silent", text: "ch.silent", icon: "muted", tone: "muted", states: ["muted", "off"] },
]

export const noFilter = { state: null, q: null }
export const hasFilter = (): boolean => param("state") !== "" || param("q") !== ""

/** The channels that a state and a text leave: of name, group, provider, address or model. */
export function filtered(rows: readonly Row[], state: string, text: string): readonly Row[] {
	const group = groups.find((g) => g.id === state)
	const wanted = text.trim().toLowerCase()
	if (!group && !wanted) return rows
	const has = (s: string | undefined) => s?.toLowerCase().includes(wanted)
	return rows.filter(
		(r) =>
			(!group || group.states.includes(r.state.id)) &&
			(!wanted || has(r.name) || has(r.config.group) || has(r.config.provider) || r.config.urls?.some((u) => has(u.url)) || r.channel?.models?.some(has) || r.config.models?.some(has)),
	)
}

export function Filters({ rows }: { rows: readonly Row[] }) {
	const on = param("state")
	return (
		<Chips label={t("ch.filter")}>
			<FilterChip href={hrefWith({ state: null })} on={on === ""}>
				{t("ch.all")} <b>{whole(rows.length)}</b>
			</FilterChip>
			{groups.map((g) => {
				const n = rows.filter((r) => g.states.includes(r.state.id)).length
				if (n === 0 && on !== g.id) return null
				return (
					<FilterChip key={g.id} href={hrefWith({ state: on === g.id ? null : g.id })} on={on === g.id}>
						<span class={"st " + g.tone}><Icon name={g.icon} /></span>
						<b>{whole(n)}</b> {t(g.text)}
					</FilterChip>
				)
			})}
			<label class="searchbox chsearch">
				<Icon name="filter" small />
				<span class="sr">{t("ch.filterLabel")}</span>
				<input {...({ type: "search" } as object)} placeholder={t("ch.filterLabel")} value={param("q")} spellcheck={false} autoComplete="off" onInput={(e) => setQuery({ q: e.currentTarget.value }, true)} />
			</label>
		</Chips>
	)
}
