import { signal } from "@preact/signals"
import { useState } from "preact/hooks"
import { ApiError } from "../../api/problem"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { TextField } from "../../components/field"
import { Note } from "../../components/notice"
import { problemText } from "../../components/problemtext"
import { t } from "../../i18n/text"

interface Asked {
	why: string
	/** Tries with a password; false: it was wrong. */
	attempt: (password: string) => Promise<string | undefined>
	cancel: () => void
}

const asked = signal<Asked | undefined>(undefined)

/**
 * Does what may need the admin password again, as where stored keys would go to
 * another origin: it is asked for over the page, and what was done is repeated.
 * Cancelled, it throws what the server said.
 */
export async function confirmed<T>(work: (password?: string) => Promise<T>): Promise<T> {
	try {
		return await work()
	} catch (e) {
		if (!(e instanceof ApiError) || e.code !== "password_required") throw e
		return await new Promise<T>((done, fail) => {
			asked.value = {
				why: e.message,
				attempt: async (password) => {
					try {
						const got = await work(password)
						asked.value = undefined
						done(got)
						return undefined
					} catch (again) {
						if (again instanceof ApiError && (again.code === "wrong_credential" || again.code === "too_many_attempts")) return problemText(again)
						asked.value = undefined
						fail(again)
						return undefined
					}
				},
				cancel: () => {
					asked.value = undefined
					fail(e)
				},
			}
		})
	}
}

/** The dialog that asks; a page has one. */
export function PasswordPrompt() {
	return asked.value ? <Prompt asked={asked.value} /> : null
}

function Prompt({ asked: a }: { asked: Asked }) {
	const [password, setPassword] = useState("")
	const [error, setError] = useState<string | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const submit = async () => {
		if (busy || !password) return
		setBusy(true)
		setError(await a.attempt(password))
		setBusy(false)
	}
	return (
		<Dialog
			title={t("ch.passwordTitle")}
			onClose={a.cancel}
			footer={
				<>
					<Button onClick={a.cancel}>{t("action.cancel")}</Button>
					<Button kind="primary" busy={busy} disabled={!password} onClick={submit}>{t("ch.passwordSubmit")}</Button>
				</>
			}
		>
			<Note state="resting" icon="tokens">{a.why}</Note>
			<form
				noValidate
				onSubmit={(e) => {
					e.preventDefault()
					void submit()
				}}
			>
				<TextField label={t("ch.password")} type="password" autoComplete="current-password" autoFocus value={password} onInput={setPassword} error={error} />
			</form>
		</Dialog>
	)
}
