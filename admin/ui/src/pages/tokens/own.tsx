import { ask } from "../../api/client"
import { serverNow } from "../../api/clock"
import { liveMetrics } from "../../api/live"
import { useResource } from "../../api/resource"
import { session } from "../../api/session"
import type { Budget, Spent } from "../../api/types"
import { Loaded } from "../../components/notice"
import { Snippets, snippetsFor } from "../../components/snippets"
import { Meter } from "../../components/spark"
import { exact, limitText, money, moneyFull, percent, relative, whole } from "../../i18n/format"
import { t } from "../../i18n/text"
import { Main } from "../../shell/main"

/** What the holder of a token sees: its own limits, and how clients are set up. */
export function OwnToken() {
	const budgets = useResource((stop) => ask("GET budgets", { signal: stop }), [])
	return (
		<Main>
			<Loaded of={budgets}>
				{(list) => {
					const own = liveMetrics.value?.budget ?? list?.[0]
					return own ? <Limits own={own} /> : null
				}}
			</Loaded>
			<section class="sec narrowsec">
				<header><h2>{t("tokens.clients")}</h2></header>
				<Snippets list={snippetsFor(t("tokens.yourToken"), "MODEL")} />
			</section>
		</Main>
	)
}

function Limits({ own }: { own: Budget }) {
	const rows: readonly ["day" | "month" | "total", Spent][] = [["day", own.day], ["month", own.month], ["total", own.total]]
	return (
		<section class="sec narrowsec">
			<header>
				<h2 class="clipped">{session.value.token}</h2>
				{liveMetrics.value?.in_flight !== undefined && <span class="sub">{t("tokens.inFlight", { n: whole(liveMetrics.value.in_flight) })}</span>}
			</header>
			<dl class="limits">
				{rows.map(([id, s]) => (
					<div key={id}>
						<dt>{t(`tokens.f.${id}`)}</dt>
						<dd title={moneyFull(s.spent_usd)}>
							<b>{money(s.spent_usd)}</b> <span class="t3">{s.limit_usd ? t("overview.ofLimit", { limit: limitText(s.limit_usd) }) : t("tokens.noLimit")}</span>
						</dd>
						{s.limit_usd ? <Meter used={s.spent_usd} limit={s.limit_usd} label={percent(s.spent_usd / s.limit_usd)} /> : null}
						{s.limit_usd && s.resets ? <span class="small t3" title={exact(s.resets)}>{t("tokens.resets", { when: relative(s.resets, serverNow()) })}</span> : null}
					</div>
				))}
			</dl>
		</section>
	)
}
