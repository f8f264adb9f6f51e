import { useEffect, useState } from "preact/hooks"
import { ask } from "../api/client"
import { ApiError, asProblem } from "../api/problem"
import { loggedIn, session } from "../api/session"
import { Button } from "../components/button"
import { TextField } from "../components/field"
import { Icon } from "../components/icon"
import { problemText } from "../components/problemtext"
import { toastError } from "../components/toast"
import { lang, setLanguage, t } from "../i18n/text"
import { go, route } from "./router"

/** Logs in with the admin password, or with a client token: one field for both. */
export function LoginForm({ first }: { first?: boolean }) {
	const [value, setValue] = useState("")
	const [error, setError] = useState("")
	const [busy, setBusy] = useState(false)
	const attempt = async (login: () => ReturnType<typeof logIn>, wrong: () => string) => {
		setBusy(true)
		setError("")
		try {
			loggedIn(await login())
		} catch (problem) {
			const p = asProblem(problem)
			setError(p?.code === "wrong_credential" ? wrong() : p ? problemText(p) : "")
		} finally {
			setBusy(false)
		}
	}
	const submit = async (e: Event) => {
		e.preventDefault()
		if (value && !busy) await attempt(() => logIn(value), () => t("login.wrong"))
	}
	useEffect(() => {
		const code = first ? takeCode() : ""
		if (code) void attempt(() => ask("POST login", { body: { code } }), () => t("login.linkUsed"))
	}, [route.value])
	return (
		<form class="box" onSubmit={submit}>
			{first && (
				<div class="brand">
					<Icon name="logo" />
					<span>ccload</span>
				</div>
			)}
			{first ? <h1 class="sr">{t("login.title")}</h1> : <p>{t("login.again")}</p>}
			<TextField large type="password" name="password" label={t("login.label")} autoComplete="current-password" autoFocus value={value} onInput={setValue} error={error || undefined} />
			<Button kind="primary" size="full" submit busy={busy}>{t("login.submit")}</Button>
			{first && !session.value.password && <p class="help">{t("login.noPassword", { code: "admin_password" })}</p>}
			{first && <p class="help">{t("login.help")}</p>}
			{first && (
				<p class="help">
					<button type="button" class="link" onClick={() => void setLanguage(lang.value === "en" ? "zh" : "en").catch(toastError)}>{t("lang.other")}</button>
				</p>
			)}
		</form>
	)
}

/** The code of a login link. It leaves the address, so that neither a bookmark nor a copied address holds it. */
function takeCode(): string {
	const { page, rest } = route.peek()
	if (page !== "login") return ""
	go("#/", true)
	return rest[0] ?? ""
}

/** Our own tokens begin alike, and are tried as tokens first; anything else is tried as the password. */
async function logIn(value: string) {
	const asToken = () => ask("POST login", { body: { token: value.trim() } })
	if (value.trim().startsWith("sk-ccload-") || !session.value.password) return asToken()
	try {
		return await ask("POST login", { body: { password: value } })
	} catch (e) {
		// A token that was declared may be any text.
		if (e instanceof ApiError && e.code === "wrong_credential" && /^\S{16,}$/.test(value.trim())) return asToken()
		throw e
	}
}
