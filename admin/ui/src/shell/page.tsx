import type { ComponentType } from "preact"
import { useEffect, useState } from "preact/hooks"
import { channelStates } from "../api/live"
import { isOperator } from "../api/session"
import { Button } from "../components/button"
import { Empty } from "../components/notice"
import { loadMoreTexts, t, type Key } from "../i18n/text"
import Overview from "../pages/overview"
import { go, href, type PageName, pages, type Route, route } from "./router"

/** A page: what src/pages/NAME exports as default. It draws its <main> with Main. */
type PageModule = { default: ComponentType }

/** A page whose texts are not among those that every page has. */
const withTexts = async (page: Promise<PageModule>): Promise<PageModule> => {
	await loadMoreTexts()
	return page
}

/** What a page's module is loaded by; esbuild makes a file of each. */
const loaders: Record<Exclude<PageName, "overview"> | "welcome", () => Promise<PageModule>> = {
	channels: () => import("../pages/channels"),
	requests: () => import("../pages/requests"),
	costs: () => withTexts(import("../pages/costs")),
	tokens: () => withTexts(import("../pages/tokens")),
	playground: () => withTexts(import("../pages/playground")),
	settings: () => withTexts(import("../pages/settings")),
	welcome: () => import("../pages/welcome"),
}

/** Pages that the holder of a token may see. */
export const holderPages: readonly PageName[] = ["requests", "costs", "tokens"]

export const isPage = (name: string): name is PageName => (pages as readonly string[]).includes(name)

/** The page that is shown. */
const shownName = (r: Route): string => (r.page === "overview" && !isOperator() ? "requests" : r.page)

export function pageTitle(r: Route, operator: boolean): string {
	const name = r.page === "overview" && !operator ? "requests" : r.page
	if (name === "welcome") return t("welcome.title")
	return isPage(name) ? t(`nav.${name}` as Key) : t("page.missing")
}

const loaded = new Map<string, ComponentType>([["overview", Overview]])

export function Page() {
	const name = shownName(route.value)
	const [, redraw] = useState(0)
	const [failed, setFailed] = useState(false)
	const empty = isOperator() && channelStates.value?.length === 0
	useEffect(() => {
		// Before there is a channel, the first page is the form that makes one.
		if (name === "overview" && empty) go(href("welcome"), true)
		// A login link, of someone who is logged in already.
		if (name === "login") go("#/", true)
	}, [name, empty])
	const load = (loaders as Record<string, () => Promise<PageModule>>)[name]
	useEffect(() => {
		scrollTo(0, 0)
		if (!load || loaded.has(name)) return
		setFailed(false)
		load().then(
			(m) => {
				loaded.set(name, m.default)
				redraw((n) => n + 1)
			},
			() => setFailed(true),
		)
	}, [name])
	const Shown = loaded.get(name)
	if (!isOperator() && isPage(name) && !holderPages.includes(name)) {
		return (
			<main class="page" id="main" tabIndex={-1}>
				<Empty title={t("page.operators")} action={<a class="btn" href={href("requests")}>{t("nav.requests")}</a>}>{t("page.operatorsHelp")}</Empty>
			</main>
		)
	}
	if (name === "overview" && channelStates.value === undefined) return <main class="page" id="main" tabIndex={-1} />
	if (Shown) return <Shown />
	return (
		<main class="page" id="main" tabIndex={-1}>
			{failed ? (
				<Empty title={t("problem.newVersion")} action={<Button onClick={() => location.reload()}>{t("problem.reload")}</Button>} />
			) : (
				!load && <Empty title={t("page.missing")} action={<a class="btn" href={href("overview")}>{t("nav.overview")}</a>}>{t("page.missingHelp")}</Empty>
			)}
		</main>
	)
}
