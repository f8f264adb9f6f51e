import type { ComponentChildren } from "preact"
import { Icon } from "../../components/icon"
import type { IconName } from "../../components/icons"
import { duration, money } from "../../i18n/format"
import { t } from "../../i18n/text"
import { begin, type Progress, type Step } from "./steps"

/** What happens, and how far it is. */
export function StepList({ progress, host }: { progress: Progress | undefined; host: string | undefined }) {
	const p = progress ?? begin()
	const fetched = p.steps.fetch.state === "done"
	return (
		<ol class="steps" aria-live="polite">
			<Line step={p.steps.fetch} icon="link">
				{fetched ? (p.notListed ? t("welcome.notListed") : t("welcome.fetched", { n: (p.models ?? []).length })) : host ? t("welcome.reach", { host }) : t("welcome.reachAny")}
			</Line>
			<Line step={p.steps.answer} icon="play">
				{p.model ? t("welcome.answer", { model: p.model }) : t("welcome.answerAny")}
				{p.answer?.ok && p.answer.cost.usd ? <span class="t3"> {t("welcome.answerCost", { cost: money(p.answer.cost.usd) })}</span> : null}
			</Line>
			<Line step={p.steps.token} icon="tokens">{p.token ? t("welcome.made", { name: p.token }) : t("welcome.token")}</Line>
		</ol>
	)
}

const looks: Record<Step["state"], { icon?: IconName; tone: string }> = {
	waiting: { tone: "t3" }, running: { icon: "probing", tone: "st probing" }, done: { icon: "check", tone: "st ready" }, failed: { icon: "failed", tone: "st failed" },
}

function Line({ step, icon, children }: { step: Step; icon: IconName; children: ComponentChildren }) {
	const look = looks[step.state]
	return (
		<li class={step.state}>
			<span class={look.tone}><Icon name={look.icon ?? icon} /></span>
			<span class={step.state === "waiting" ? "t3" : undefined}>{children}</span>
			<span class="t2">{step.ms !== undefined && duration(step.ms * 1e6)}</span>
		</li>
	)
}
