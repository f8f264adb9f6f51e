import { signal } from "@preact/signals"
import { channelStates } from "../../api/live"
import { session } from "../../api/session"
import type { TokenConfig } from "../../api/types"
import { Button } from "../../components/button"
import { Copy } from "../../components/copy"
import { Icon } from "../../components/icon"
import { Snippets, snippetsFor } from "../../components/snippets"
import { t } from "../../i18n/text"

/** The token whose secret is shown, this once. It is kept in memory only, and goes with the login. */
export const fresh = signal<TokenConfig | undefined>(undefined)
session.subscribe((s) => {
	if (s.role !== "operator") fresh.value = undefined
})

/** The secret of a token that was just made, and what clients need. */
export function Fresh() {
	const made = fresh.value
	if (!made?.secret) return null
	return (
		<section class="once" aria-label={t("tokens.new")}>
			<div class="left">
				<div class="oncehead">
					<Icon name="ready" />
					<div class="clipbox">
						<h2 tabIndex={-1} ref={(e) => e?.focus()}>{t("tokens.ready", { name: made.name })}</h2>
						<p class="small t2">{t("tokens.readyHelp")}</p>
					</div>
				</div>
				<div class="secret">
					<span class="in mono"><span class="clipped">{made.secret}</span></span>
					<Copy text={made.secret} size="l" kind="primary">{t("tokens.copy")}</Copy>
				</div>
				<div><Button size="s" onClick={() => (fresh.value = undefined)}>{t("tokens.kept")}</Button></div>
			</div>
			<Snippets list={snippetsFor(made.secret, modelFor(made))} />
		</section>
	)
}

/** A model for the snippets: one that the token may use and a channel has. */
function modelFor(token: TokenConfig): string {
	const may = (token.models ?? []).map((m) => new RegExp("^" + m.split("*").map((x) => x.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*") + "$"))
	const known = (channelStates.value ?? []).flatMap((c) => c.models ?? []).filter((m) => !m.includes("*"))
	return known.find((m) => may.length === 0 || may.some((p) => p.test(m))) ?? token.models?.find((m) => !m.includes("*")) ?? "MODEL"
}
