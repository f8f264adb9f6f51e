import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { second, serverNow } from "../../api/clock"
import { onCalls, onChange, onGap } from "../../api/live"
import { useResource } from "../../api/resource"
import { isOperator } from "../../api/session"
import type { Budget, TokenConfig, TokenUse } from "../../api/types"
import { Button } from "../../components/button"
import { Empty, Loaded } from "../../components/notice"
import { WithPanel } from "../../components/panel"
import { State } from "../../components/state"
import { toast } from "../../components/toast"
import { t } from "../../i18n/text"
import { Bar, Main } from "../../shell/main"
import { go, href, hrefWith, param, route, setQuery } from "../../shell/router"
import { AskedDialog, type Asked } from "./actions"
import { Fresh, fresh } from "./fresh"
import { TokenList, TokenMenu } from "./list"
import { OwnToken } from "./own"
import { beginToken, presets } from "./presets"
import { TokenForm } from "./tokenform"
import { tokenState, type TokenRow } from "./tokenstate"

interface All {
	tokens: TokenConfig[]
	budgets: Budget[]
	uses: TokenUse[]
}

const refreshAfter = 3_000

export default function TokensPage() {
	return isOperator() ? <AllTokens /> : <OwnToken />
}

function AllTokens() {
	const all = useResource<All>(async (stop) => {
		const [tokens, budgets, uses] = await Promise.all([ask("GET tokens", { signal: stop }), ask("GET budgets", { signal: stop }), ask("GET token-use", { signal: stop })])
		return { tokens: tokens ?? [], budgets: budgets ?? [], uses: uses ?? [] }
	}, [])
	useFollow(all.reload)
	const [selected, setSelected] = useState<Set<string>>(new Set())
	const [asked, setAsked] = useState<Asked | undefined>(undefined)
	const minute = Math.floor(second.value / 60_000)
	const data = all.data.value
	const rows = useMemo(() => rowsOf(data), [data, minute])
	const name = route.value.rest[0]
	const making = param("new")
	const close = () => go(href("tokens", { state: param("state"), q: param("q"), sort: param("sort") }))
	const current = rows.find((r) => r.token.name === name)
	const preset = presets.find((p) => p.id === making)
	const saved = (token: TokenConfig) => {
		if (token.secret) fresh.value = token
		else toast(t("tokens.saved", { name: token.name }))
		void all.reload()
		close()
	}
	const panel =
		data && making ? (
			<TokenForm key={"new" + making} isNew preset={making} token={beginToken(preset, data.tokens.map((x) => x.name))} onClose={close} onSaved={saved} />
		) : current ? (
			<TokenForm
				key={name + (current.token.updated ?? "")} isNew={false} token={current.token} onClose={close} onSaved={saved}
				state={<State tone={current.state.tone} icon={current.state.icon}>{t(current.state.text)}</State>}
				actions={<TokenMenu row={current} onAsk={setAsked} reload={all.reload} />}
			/>
		) : undefined
	return (
		<Main bare class="tokpage">
			<Bar>
				<Button size="s" icon="plus" onClick={() => startNew("yes")}>{t("tokens.new")}</Button>
			</Bar>
			<WithPanel panel={panel}>
				<Fresh />
				<Loaded of={all}>
					{() =>
						rows.length === 0 ? (
							<Empty title={t("tokens.none")} action={<Presets />}>{t("tokens.noneHelp")}</Empty>
						) : (
							<>
								{name && !current && !making && <p class="t2 gonenote">{t("tokens.gone", { name })}</p>}
								<TokenList rows={rows} open={name ?? fresh.value?.name} selected={selected} onSelect={setSelected} onAsk={setAsked} reload={all.reload}>
									{!panel && <Presets />}
								</TokenList>
							</>
						)
					}
				</Loaded>
			</WithPanel>
			{asked && (
				<AskedDialog
					asked={asked}
					onClose={() => setAsked(undefined)}
					done={() => {
						setSelected(new Set())
						void all.reload()
					}}
				/>
			)}
		</Main>
	)
}

/** Opens the form for a token that is to be made; another token's panel closes. */
function startNew(preset: string): void {
	if (route.value.rest[0]) go(href("tokens", { new: preset }))
	else setQuery({ new: preset })
}

function Presets() {
	return (
		<span class="chips">
			<span class="t3 small">{t("tokens.fromPreset")}</span>
			{presets.map((p) => (
				<a key={p.id} class="btn s" href={hrefWith({ new: p.id })}>
					{t(p.text)} <span class="t3 reg">{t(p.sub)}</span>
				</a>
			))}
		</span>
	)
}

function rowsOf(all: All | undefined): TokenRow[] {
	if (!all) return []
	const budgets = new Map(all.budgets.filter((b) => b.kind === "token").map((b) => [b.name, b]))
	const uses = new Map(all.uses.map((u) => [u.name, u.last_used]))
	const now = serverNow()
	return all.tokens.map((token) => {
		const budget = budgets.get(token.name)
		const lastUsed = uses.get(token.name)
		return { token, budget, lastUsed, state: tokenState(token, budget, lastUsed, now) }
	})
}

/** Asks anew after calls have ended, and when something was changed elsewhere. */
function useFollow(reload: () => Promise<void>): void {
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
	useEffect(() => {
		const soon = () => {
			timer.current ??= setTimeout(() => {
				timer.current = undefined
				if (!document.hidden) void reload()
			}, refreshAfter)
		}
		const ends = [onCalls(soon), onGap(soon), onChange((c) => c.revision !== undefined && soon())]
		return () => {
			for (const end of ends) end()
			clearTimeout(timer.current)
			timer.current = undefined
		}
	}, [])
}
