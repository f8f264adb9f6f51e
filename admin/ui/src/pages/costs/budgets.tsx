import { useMemo } from "preact/hooks"
import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import { isOperator } from "../../api/session"
import type { Budget, Burndown } from "../../api/types"
import { Chart, type Series } from "../../components/chart"
import { Loaded } from "../../components/notice"
import { dayTime, exact, limitText, minuteTime, money, moneyFull, percent } from "../../i18n/format"
import { lang, t } from "../../i18n/text"
import { href, hrefWith, param } from "../../shell/router"

const refresh = 30_000
const shownAtOnce = 12

interface Limited {
	kind: string
	name: string
	period: "day" | "month"
	spent: number
	limit: number
	resets?: string
}

/** A budget's name in the address. */
const keyOf = (b: { kind: string; name: string; period: string }): string => `${b.kind}.${b.period}.${b.name}`

/** Budgets that have a limit, the fullest first. */
const limited = (list: readonly Budget[]): Limited[] =>
	list
		.flatMap((b) => (["day", "month"] as const).map((period): Limited => ({ kind: b.kind, name: b.name, period, spent: b[period].spent_usd, limit: b[period].limit_usd ?? 0, resets: b[period].resets })))
		.filter((b) => b.limit > 0)
		.sort((a, b) => b.spent / b.limit - a.spent / a.limit)

/** All budgets of days and months, and how the chosen one is spent. */
export function Budgets() {
	const list = useResource((stop) => ask("GET budgets", { signal: stop }), [], refresh)
	return (
		<section class="budgets">
			<header class="head">
				<h2>{t("costs.budgets")}</h2>
				<span class="sub">{t("costs.budgetsHelp")}</span>
			</header>
			<Loaded of={list}>
				{(data) => {
					const all = limited(data ?? [])
					const chosen = all.find((b) => keyOf(b) === param("budget")) ?? all[0]
					if (!chosen) {
						return (
							<p class="t2">
								{t("costs.noBudget")} {isOperator() && <a class="link" href={href("tokens")}>{t("costs.setBudget")}</a>}
							</p>
						)
					}
					return (
						<>
							<Down key={keyOf(chosen)} of={chosen} />
							<BudgetList all={all} chosen={chosen} />
						</>
					)
				}}
			</Loaded>
		</section>
	)
}

function BudgetList({ all, chosen }: { all: readonly Limited[]; chosen: Limited }) {
	const shown = param("budgets") === "all" ? all : all.slice(0, shownAtOnce)
	return (
		<>
			<ul class="barlist budgetlist">
				{shown.map((b) => (
					<li key={keyOf(b)} class={b === chosen ? "on" : undefined}>
						<span class="namecell">
							<a class="plain clipped" dir="auto" href={hrefWith({ budget: keyOf(b) })} aria-current={b === chosen ? "true" : undefined} title={b.name}>{b.name}</a>
							<span class="t3 small nw">{t(`costs.period.${b.kind === "channel" ? "channel" : "token"}.${b.period}`)}</span>
						</span>
						<svg class="hbar" preserveAspectRatio="none" viewBox="0 0 100 8" aria-hidden="true">
							<rect class="f-none" width="100" height="8" />
							<rect class={b.spent >= b.limit ? "f-failed" : b.spent > 0.8 * b.limit ? "f-resting" : "f-text"} width={Math.min(100, (100 * b.spent) / b.limit)} height="8" />
						</svg>
						<span class="num" title={`${moneyFull(b.spent)} / ${moneyFull(b.limit)}`}>
							{money(b.spent)} <span class="t3">{t("costs.of", { limit: limitText(b.limit) })}</span>
						</span>
					</li>
				))}
			</ul>
			{shown.length < all.length && <a class="link small" href={hrefWith({ budgets: "all" })}>{t("costs.allBudgets", { n: all.length })}</a>}
		</>
	)
}

/** How one budget is spent: until now, and at this pace. */
function Down({ of }: { of: Limited }) {
	const down = useResource((stop) => ask("GET burndown", { query: { kind: of.kind, name: of.name, period: of.period }, signal: stop }), [keyOf(of)], refresh)
	const data = down.data.value
	const drawn = useMemo(() => (data ? seriesOf(data) : { times: [], series: [] }), [data, lang.value])
	const limit = data?.limit_usd ?? of.limit
	return (
		<>
			<p class="t2 burntext" title={of.resets && exact(of.resets)}>
				<b><bdi>{of.name}</bdi></b>{" "}
				{data && t(data.pace_usd > limit ? "costs.paceOver" : "costs.pace", { spent: money(data.spent_usd), limit: limitText(limit), share: percent(limit > 0 ? data.spent_usd / limit : undefined), pace: money(data.pace_usd), time: of.period === "day" ? minuteTime(data.until) : dayTime(data.until) })}
				{data && data.reserved_usd > 0 && " " + t("costs.reserved", { amount: money(data.reserved_usd) })}
			</p>
			<Chart title={t(of.period === "day" ? "costs.today" : "costs.thisMonth")} height={120} times={drawn.times} step={(data?.step_ns ?? 9e11) / 1e6} series={drawn.series} format={money} group="budget" />
		</>
	)
}

/** The curve, the straight line that it follows at this pace, and the limit. */
function seriesOf(data: Burndown): { times: number[]; series: Series[] } {
	const steps = data.steps ?? []
	const until = Date.parse(data.until)
	const known = steps.map((s) => Date.parse(s.end))
	const now = known[known.length - 1] ?? until
	const times = [...known, until]
	const spent = steps.map((s): number | null => s.spent_usd)
	const last = spent[spent.length - 1] ?? 0
	const ahead = (time: number): number => last + ((data.pace_usd - data.spent_usd) * (time - now)) / Math.max(1, until - now)
	return {
		times,
		series: [
			{ id: "spent", text: t("costs.spent"), color: "--text", kind: "line", values: times.map((_, i) => spent[i] ?? null) },
			{ id: "pace", text: t("costs.atPace"), color: "--muted-line", kind: "dotted", values: times.map((time) => (time < now ? null : ahead(time))) },
			...(data.limit_usd ? [{ id: "limit", text: t("costs.limit"), color: "--failed-line", kind: "dotted" as const, values: times.map(() => data.limit_usd ?? null) }] : []),
		],
	}
}
