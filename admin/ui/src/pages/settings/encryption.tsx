import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { type ApiError, asProblem } from "../../api/problem"
import type { Rotation } from "../../api/types"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { Failure, Note } from "../../components/notice"
import { t } from "../../i18n/text"

/** Seals what is stored of secrets with another key. */
export function Encryption() {
	const [asking, setAsking] = useState(false)
	const [done, setDone] = useState<Rotation | undefined>(undefined)
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const rotate = async () => {
		setError(undefined)
		try {
			setDone(await ask("POST rotate"))
		} catch (e) {
			setError(asProblem(e))
		}
		setAsking(false)
	}
	return (
		<section class="sec">
			<header><h2>{t("settings.encryption")}</h2></header>
			<p class="t2 lead">{t("settings.encryptionHelp")}</p>
			{error && <Failure error={error} />}
			{done && (
				<Note state="ready" icon="ready">
					<b>{t("settings.rotated", { n: done.channels })}</b>
					<p class="t2">{t("settings.rotatedHelp")} <code>{done.key}</code></p>
				</Note>
			)}
			<p class="below"><Button onClick={() => setAsking(true)}>{t("settings.rotate")}</Button></p>
			{asking && (
				<Dialog title={t("settings.rotate")} onClose={() => setAsking(false)} footer={<><Button onClick={() => setAsking(false)}>{t("action.cancel")}</Button><Button kind="primary" onClick={rotate}>{t("settings.rotateDo")}</Button></>}>
					<p>{t("settings.rotateAsk")}</p>
				</Dialog>
			)}
		</section>
	)
}
