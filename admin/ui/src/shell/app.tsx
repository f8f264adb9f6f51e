import { useEffect } from "preact/hooks"
import { session, isOperator } from "../api/session"
import { Toasts } from "../components/toast"
import { lang, t } from "../i18n/text"
import { Rail } from "./rail"
import { route } from "./router"
import { LoginAgain } from "./loginagain"
import { LoginForm } from "./loginform"
import { Top } from "./top"
import { KeyHelp } from "./keyhelp"
import { Page, pageTitle } from "./page"

/** The whole: who is not logged in sees the login, and the address they came for stays. */
export function App() {
	void lang.value
	if (session.value.role === "") {
		return (
			<>
				<LoginPage />
				<Toasts />
			</>
		)
	}
	return (
		<>
			<a class="skip" href="#main" onClick={skip}>{t("nav.skip")}</a>
			<div class="app">
				<Rail />
				<div class="col">
					<Top />
					<Page />
				</div>
			</div>
			<LoginAgain />
			<KeyHelp />
			<Toasts />
			<Title />
		</>
	)
}

function skip(e: Event): void {
	e.preventDefault()
	document.querySelector<HTMLElement>("main")?.focus()
}

function LoginPage() {
	useEffect(() => {
		document.title = `${t("login.title")} · ccload`
	}, [lang.value])
	return (
		<main class="solo">
			<LoginForm first />
		</main>
	)
}

function Title() {
	const title = pageTitle(route.value, isOperator())
	useEffect(() => {
		document.title = `${title} · ccload`
	}, [title])
	return null
}
