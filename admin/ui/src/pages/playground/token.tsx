import { signal } from "@preact/signals"
import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { serverNow } from "../../api/clock"
import { servedModels } from "../../api/gateway"
import { ApiError, asProblem } from "../../api/problem"
import { session } from "../../api/session"
import { Button } from "../../components/button"
import { TextField } from "../../components/field"
import { Note } from "../../components/notice"
import { problemText } from "../../components/problemtext"
import { t } from "../../i18n/text"

/** The token that calls are made with, and what it may use. In memory only: it goes with the page and with the login. */
export const playToken = signal<{ secret: string; models: readonly string[] } | undefined>(undefined)
session.subscribe((s) => {
	if (s.role !== "operator") playToken.value = undefined
})

const budget = 1

/** Takes a token that is pasted, or makes one for today. */
export function TokenGate() {
	const [secret, setSecret] = useState("")
	const [problem, setProblem] = useState<ApiError | undefined>(undefined)
	const use = async (s: string) => {
		setProblem(undefined)
		try {
			playToken.value = { secret: s, models: await servedModels(s) }
		} catch (e) {
			setProblem(asProblem(e))
		}
	}
	const make = async () => {
		const made = await makeToken()
		await use(made.secret ?? "")
	}
	const said = problem && (problem.code === "no_gateway" ? t("play.noGateway", { origin: location.origin }) : problem.status === 401 ? t("play.notAToken") : problemText(problem))
	return (
		<section class="sec gate">
			<header><h2>{t("play.gate")}</h2></header>
			<p class="t2 lead">{t("play.gateHelp")}</p>
			{problem?.code === "no_gateway" && <Note state="resting" icon="help">{said}</Note>}
			<div class="chips below"><Button kind="primary" icon="plus" onClick={make}>{t("play.make")}</Button></div>
			<form
				class="inline below"
				onSubmit={(e) => {
					e.preventDefault()
					void use(secret.trim())
				}}
			>
				<TextField label={t("play.paste")} type="password" mono value={secret} onInput={setSecret} error={problem && problem.code !== "no_gateway" ? said : undefined} />
				<Button submit size="l" disabled={!secret.trim()}>{t("play.use")}</Button>
			</form>
		</section>
	)
}

/** A token for today, with a small budget, that nobody has to remove. */
async function makeToken() {
	const day = new Date(serverNow()).toISOString().slice(0, 10)
	for (let n = 1; ; n++) {
		try {
			return await ask("POST tokens", { body: { name: `playground-${day}${n > 1 ? "-" + n : ""}`, expires: day, budget: { total: budget } } })
		} catch (e) {
			if (!(e instanceof ApiError) || e.code !== "name_taken" || n > 50) throw e
		}
	}
}
