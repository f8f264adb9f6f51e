import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { asProblem } from "../../api/problem"
import { useResource } from "../../api/resource"
import { Button } from "../../components/button"
import { errorAt, SelectField, TextField } from "../../components/field"
import { Failure } from "../../components/notice"
import { toastError } from "../../components/toast"
import { t } from "../../i18n/text"
import { Main } from "../../shell/main"
import { href } from "../../shell/router"
import { addressFor, keysOf, nameFor, providerOf } from "../../components/guess"
import { Done } from "./done"
import { add, type Progress } from "./steps"
import { StepList } from "./steplist"
import { channelStates } from "../../api/live"

/** The first channel: paste a key, and the rest is found out. */
export default function WelcomePage() {
	const catalogue = useResource((stop) => ask("GET catalogue", { signal: stop }), [])
	const [keyText, setKeyText] = useState("")
	const [addressText, setAddressText] = useState("")
	const [chosen, setChosen] = useState("")
	const [progress, setProgress] = useState<Progress | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const [missing, setMissing] = useState(false)
	const providers = catalogue.data.value?.providers ?? []
	const keys = keysOf(keyText)
	const address = addressFor(addressText)
	const guessed = address ? undefined : keys[0] ? providerOf(keys[0], providers) : undefined
	const provider = address ? undefined : (providers.find((p) => p.name === chosen) ?? guessed)
	const unknown = keys.length > 0 && !address && !guessed
	const name = nameFor(provider?.name, address, (channelStates.value ?? []).map((c) => c.name))

	const submit = async (anyway: boolean) => {
		setMissing(!provider && !address)
		if (busy || (!provider && !address)) return
		setBusy(true)
		try {
			await add({ provider: provider?.name, address, keys, preset: provider?.models ?? [] }, anyway, setProgress)
		} catch (problem) {
			toastError(problem)
		} finally {
			setBusy(false)
		}
	}

	if (progress?.secret) {
		return (
			<Main>
				<Done progress={progress} />
			</Main>
		)
	}
	const error = progress?.error
	const place = error && !errorAt(error, "urls") && !errorAt(error, "keys")
	return (
		<Main>
			<form
				class="first"
				noValidate
				onSubmit={(e) => {
					e.preventDefault()
					void submit(false)
				}}
			>
				<div>
					<h2 class="big">{t("welcome.head")}</h2>
					<p class="t2">{t("welcome.lead")}</p>
				</div>
				<TextField
					label={t("welcome.key")} mono large autoFocus rows={keyText.includes("\n") ? 4 : undefined} type="password" autoComplete="off"
					value={keyText} onInput={setKeyText} error={errorAt(error, "keys") ?? (missing && keys.length === 0 ? t("welcome.needKey") : undefined)}
					help={<>{guessed && <b class="looks">{t("welcome.looksLike", { name: guessed.title ?? guessed.name })} </b>}{t("welcome.keyHelp")}</>}
					onPaste={setKeyText}
				/>
				<TextField
					label={t("welcome.address")} hint={t("welcome.addressHint")} mono large type="url" value={addressText} onInput={setAddressText} placeholder="https://"
					error={errorAt(error, "urls") ?? (missing && keys.length > 0 ? t("welcome.unknownKey") : undefined)}
				/>
				{unknown && (
					<SelectField
						label={t("welcome.provider")} value={chosen} onChange={setChosen}
						options={[{ value: "", text: "–" }, ...providers.filter((p) => !p.needs_url).map((p) => ({ value: p.name, text: p.title ?? p.name }))]}
					/>
				)}
				<div class="chips">
					<Button kind="primary" size="l" submit busy={busy}>{t("welcome.submit")}</Button>
					{(provider || address) && <span class="small t3">{t("welcome.named", { name })}</span>}
				</div>
				<StepList progress={progress} host={hostOf(address) ?? provider?.title} />
				{place && (
					<>
						<Failure error={asProblem(error)!} />
						{(error.code === "upstream_failed" || error.status === 0) && error.code !== "unreachable" && (
							<div><Button busy={busy} onClick={() => submit(true)}>{t("welcome.anyway")}</Button></div>
						)}
					</>
				)}
				<p class="small t3 alt">
					{t("welcome.import")} <a class="link" href={href("settings", { tab: "import" })}>{t("welcome.importLink")}</a> {t("welcome.importRest")}
				</p>
			</form>
		</Main>
	)
}

function hostOf(address: string): string | undefined {
	try {
		return new URL(address).host
	} catch {
		return undefined
	}
}
