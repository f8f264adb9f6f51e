import { loginNeeded, loggedIn } from "../api/session"
import { Button } from "../components/button"
import { Dialog } from "../components/dialog"
import { t } from "../i18n/text"
import { LoginForm } from "./loginform"

/** Asks for a login over the page when the last one has ended, so that nothing typed is lost. */
export function LoginAgain() {
	if (!loginNeeded.value) return null
	return (
		<Dialog title={t("login.title")} noClose onClose={() => undefined} footer={<Button kind="quiet" onClick={() => loggedIn({ role: "", password: true })}>{t("login.other")}</Button>}>
			<LoginForm />
		</Dialog>
	)
}
