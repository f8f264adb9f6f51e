import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import type { AiCandidate, AiRecord } from "../../api/types"
import { channelStates } from "../../api/live"
import { Icon } from "../../components/icon"
import type { IconName } from "../../components/icons"
import { clockTime, exact, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import { href } from "../../shell/router"
import { whyText } from "./why"

const icons: Record<string, IconName> = {
	eligible: "down", disabled: "muted", no_key: "failed", not_allowed: "x", outside_hours: "off", over_rate: "limited", over_tokens: "limited",
	over_concurrent: "limited", over_budget: "limited", spending_unknown: "limited", cooling: "resting", probing: "probing", wrong_protocol: "x", untranslatable: "x", not_the_owner: "x",
}
const tones: Record<string, string> = { cooling: "resting", probing: "probing", no_key: "failed", over_rate: "resting", over_tokens: "resting", over_concurrent: "resting", over_budget: "resting", spending_unknown: "resting" }

/** Channels that the call did not go to, grouped by why. */
export function LeftOut({ call: c }: { call: AiRecord }) {
	const tried = new Set((c.attempts ?? []).map((a) => a.target.channel))
	const out = (c.candidates ?? []).filter((x) => !tried.has(x.channel))
	const groups = grouped(out)
	return (
		<section class="leftout">
			<header class="head">
				<h2>{t("requests.leftOut")}</h2>
				<span class="sub">{out.length > 0 && t("requests.leftOutOf", { n: out.length, count: whole(out.length), time: clockTime(c.time) })}</span>
			</header>
			{groups.length > 0 ? (
				<ul class="reasons">
					{groups.map(([reason, list]) => (
						<li key={reason}>
							<span class={"st " + (tones[reason] ?? "muted")}>
								<Icon name={icons[reason] ?? "x"} />
								{reason === "eligible" ? t("requests.notNeeded") : tCode("reason", reason)}
							</span>
							<ul>
								{list.map((x) => (
									<li key={x.channel + (x.detail ?? "")}>
										<ChannelName name={x.channel} />
										{(x.detail || x.until) && (
											<span class="t3" dir="auto">
												{x.detail}
												{x.until && <time dateTime={x.until} title={exact(x.until)}>{(x.detail ? ", " : "") + t("requests.until", { time: clockTime(x.until) })}</time>}
											</span>
										)}
									</li>
								))}
							</ul>
						</li>
					))}
				</ul>
			) : (
				<p class="t2">{t((c.candidates ?? []).length > 0 ? "requests.noneLeftOut" : "requests.noCandidate")}</p>
			)}
			<Now call={c} />
		</section>
	)
}

function ChannelName({ name }: { name: string }) {
	const known = channelStates.value?.some((x) => x.name === name)
	return known ? <a class="plain name" href={href(["channels", name])} dir="auto">{name}</a> : <span class="name" dir="auto">{name}</span>
}

function grouped(list: readonly AiCandidate[]): [string, AiCandidate[]][] {
	const groups = new Map<string, AiCandidate[]>()
	for (const x of list) groups.set(x.reason, [...(groups.get(x.reason) ?? []), x])
	return [...groups].sort(([a], [b]) => Number(a === "eligible") - Number(b === "eligible"))
}

/** Where the same call would go at this moment, and who does not serve the model at all. */
function Now({ call: c }: { call: AiRecord }) {
	const now = useResource((stop) => ask("GET explain", { query: { model: c.model, protocol: c.protocol, token: c.token }, signal: stop }), [c.id])
	const e = now.data.value
	if (!e) return null
	const not = e.not_serving ?? []
	return (
		<div class="now">
			<header class="head">
				<h2>{t("requests.now")}</h2>
				<span class="sub">{t("requests.nowHelp")}</span>
			</header>
			<p class="t2" dir="auto">
				{e.next ? t("requests.wouldGo", { channel: e.next.channel }) : e.problem}
				{e.next && e.why ? <span class="t3"> {whyText(e.why)}</span> : null}
			</p>
			{not.length > 0 && (
				<details class="more">
					<summary class="small t3 fold">{t("requests.notServing", { n: not.length })}</summary>
					<p class="small t2 nots" dir="auto">{not.join(", ")}</p>
				</details>
			)}
		</div>
	)
}
