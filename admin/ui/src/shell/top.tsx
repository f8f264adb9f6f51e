import { liveState } from "../api/live"
import { isOperator } from "../api/session"
import { Menu } from "../components/menu"
import { toastError } from "../components/toast"
import { lang, setLanguage, t } from "../i18n/text"
import { setTheme, theme, type Theme } from "./look"
import { pageTitle } from "./page"
import { href, route } from "./router"
import { Search } from "./search"

const themes: readonly Theme[] = ["", "light", "dark"]
const themeTexts = { "": "theme.system", light: "theme.light", dark: "theme.dark" } as const

/** The bar above a page. */
export function Top() {
	const r = route.value
	const title = pageTitle(r, isOperator())
	return (
		<header class="top">
			<h1>
				{r.rest[0] ? (
					<>
						<a class="crumb" href={href(r.page)}>{title} / </a>
						<span class="crumbname">{r.rest[0]}</span>
					</>
				) : (
					title
				)}
			</h1>
			<span class="barplace" />
			<span class="grow" />
			<Search />
			<span class="barend" />
			<LiveDot />
			<Menu
				button={{ kind: "quiet", icon: "theme", label: t("theme.label"), class: "np" }}
				items={themes.map((x) => ({ text: t(themeTexts[x]), checked: theme.value === x, run: () => setTheme(x, lang.value) }))}
			/>
			<button type="button" class="btn quiet np" title={t("lang.switch")} lang={lang.value === "en" ? "zh" : "en"} onClick={() => void setLanguage(lang.value === "en" ? "zh" : "en").catch(toastError)}>
				{t("lang.other")}
			</button>
		</header>
	)
}

/** Whether what is seen is of this moment, in words. */
function LiveDot() {
	const state = liveState.value
	return (
		<span class={"live " + state} role="status" title={t("live.title")}>
			<i />
			<span>{t(`live.${state}`)}</span>
		</span>
	)
}
