import { channelStates } from "../api/live"
import { serverNow } from "../api/clock"
import { isOperator, session } from "../api/session"
import { ask } from "../api/client"
import { Icon } from "../components/icon"
import type { IconName } from "../components/icons"
import { Menu } from "../components/menu"
import { stateOf } from "../components/channelstate"
import { t, type Key } from "../i18n/text"
import { holderPages } from "./page"
import { go, href, pages, route, type PageName } from "./router"

const icons: Record<PageName, IconName> = {
	overview: "overview", channels: "channels", requests: "requests", costs: "costs", tokens: "tokens", playground: "play", settings: "settings",
}

/** Pages that stand under "More" on a phone. */
const far: readonly PageName[] = ["tokens", "playground", "settings"]

export function Rail() {
	const shown = pages.filter((p) => isOperator() || holderPages.includes(p))
	const here = route.value.page === "overview" && !isOperator() ? "requests" : route.value.page
	const unwell = (channelStates.value ?? []).filter((c) => stateOf(c, serverNow()).rank > 2).length
	return (
		<aside class="rail" aria-label="ccload">
			<div class="brand">
				<Icon name="logo" />
				<span>ccload</span>
			</div>
			<nav aria-label={t("nav.main")}>
				{shown.map((p) => (
					<a key={p} href={href(p)} class={far.includes(p) && isOperator() ? "far" : undefined} aria-current={here === p ? "page" : undefined} title={p === "channels" && unwell > 0 ? `${t("nav.channels")}: ${t("nav.unwell", { n: unwell })}` : t(`nav.${p}` as Key)}>
						<Icon name={icons[p]} />
						<span>{t(`nav.${p}` as Key)}</span>
						{p === "channels" && unwell > 0 && (
							<span class="n">
								{unwell}
								<span class="sr"> {t("nav.unwell", { n: unwell })}</span>
							</span>
						)}
					</a>
				))}
				{isOperator() && (
					<span class="morenav">
						<Menu button={{ icon: "more", children: <span>{t("nav.more")}</span> }} items={far.map((p) => ({ text: t(`nav.${p}` as Key), icon: icons[p], run: () => go(href(p)) }))} />
					</span>
				)}
			</nav>
			<div class="foot">
				<Who />
				<span class="whoname" title={session.value.version}>ccload {session.value.version}</span>
			</div>
		</aside>
	)
}

/** Who is logged in, and the way out. */
export function Who() {
	const s = session.value
	const name = s.role === "operator" ? t("who.operator") : t("who.holder", { name: s.token ?? "" })
	const out = async (route: "POST logout" | "POST logout/all") => {
		session.value = await ask(route)
	}
	return (
		<Menu
			button={{ kind: "quiet", icon: "user", children: <span class="whoname">{name}</span>, label: name }}
			items={[
				{ text: t("who.logout"), run: () => out("POST logout") },
				...(s.role === "operator" ? [{ text: t("who.logoutAll"), run: () => out("POST logout/all") }] : []),
			]}
		/>
	)
}
