import type { ComponentChildren } from "preact"
import { second } from "../api/clock"
import { countdown, exact } from "../i18n/format"
import { t, type Key } from "../i18n/text"
import { Icon } from "./icon"
import type { IconName } from "./icons"

/** The five colours of states, and the accent of a call that went another way. */
export type Tone = "ready" | "resting" | "failed" | "muted" | "probing" | "detour"

/** A state: always icon, word and colour. why stands behind it, quieter. */
export function State({ tone, icon, children, why, title }: { tone: Tone; icon: IconName; children: ComponentChildren; why?: ComponentChildren; title?: string }) {
	return (
		<span class={"st " + tone} title={title}>
			<Icon name={icon} />
			{children}
			{why && <span class="why">{why}</span>}
		</span>
	)
}

/** A small label. */
export function Badge({ tone, icon, mono, children, title }: { tone?: Tone; icon?: IconName; mono?: boolean; children: ComponentChildren; title?: string }) {
	return (
		<span class={"badge" + (tone ? " " + tone : "") + (mono ? " mono" : "")} title={title}>
			{icon && <Icon name={icon} />}
			{children}
		</span>
	)
}

/** What is left until a moment; it ticks by the server's clock. */
export function Countdown({ until }: { until: string }) {
	return <time dateTime={until} title={exact(until)}>{countdown(Date.parse(until) - second.value)}</time>
}

/** How a call ended, for lists. */
export interface Ended {
	outcome: string
	status: number
	attempts: number
}

const callersOutcomes = ["invalid_request", "content_filter", "context_length", "client_gone", "ended"]

/** The four kinds that calls are counted in: ok, ok after failover, caller's error, failed. */
export type OutcomeClass = "ok" | "detour" | "caller" | "failed"

export const outcomeClass = (outcome: string, attempts: number): OutcomeClass =>
	outcome === "ok" ? (attempts > 1 ? "detour" : "ok") : callersOutcomes.includes(outcome) ? "caller" : "failed"

const looks: Record<OutcomeClass, { tone: Tone; icon: IconName; text: Key }> = {
	ok: { tone: "ready", icon: "ready", text: "outcome.ok" },
	detour: { tone: "detour", icon: "detour", text: "outcome.detour" },
	caller: { tone: "muted", icon: "caller", text: "outcome.caller" },
	failed: { tone: "failed", icon: "failed", text: "outcome.failed" },
}

/** The outcome of a call. */
export function Outcome({ outcome, status, attempts }: Ended) {
	const kind = outcomeClass(outcome, attempts)
	const look = looks[kind]
	return (
		<State tone={look.tone} icon={look.icon} title={`${status} ${outcome}`}>
			{kind === "detour" ? t("outcome.try", { n: attempts }) : t(look.text)}
		</State>
	)
}
