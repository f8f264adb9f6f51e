import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import type { ApiError } from "../../api/problem"
import { asProblem } from "../../api/problem"
import type { TokenConfig } from "../../api/types"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { Failure } from "../../components/notice"
import { toast } from "../../components/toast"
import { t } from "../../i18n/text"
import { fresh } from "./fresh"

/** Refuses tokens or takes them again; the toast takes it back. */
export async function disableTokens(list: readonly TokenConfig[], disabled: boolean, done: () => unknown): Promise<void> {
	const changed = list.filter((x) => Boolean(x.disabled) !== disabled)
	const set = async (to: boolean) => {
		try {
			for (const x of changed) await ask("PATCH tokens/{name}", { path: { name: x.name }, body: { disabled: to } })
		} finally {
			done()
		}
	}
	await set(disabled)
	const one = changed.length === 1 ? changed[0] : undefined
	if (one) toast(t(disabled ? "tokens.isDisabled" : "tokens.isEnabled", { name: one.name }), () => set(!disabled))
	else toast(t(disabled ? "tokens.areDisabled" : "tokens.areEnabled", { n: changed.length }), () => set(!disabled))
}

/** What cannot be taken back, and is asked for therefore. */
export type Asked = { what: "renew" | "remove"; tokens: readonly TokenConfig[] }

export function AskedDialog({ asked, onClose, done }: { asked: Asked; onClose: () => void; done: () => void }) {
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const name = asked.tokens[0]?.name ?? ""
	const n = asked.tokens.length
	const run = async (work: () => Promise<unknown>) => {
		try {
			await work()
			onClose()
		} catch (e) {
			setError(asProblem(e))
		} finally {
			done()
		}
	}
	const remove = async () => {
		for (const x of asked.tokens) await ask("DELETE tokens/{name}", { path: { name: x.name } })
		if (asked.tokens.some((x) => x.name === fresh.value?.name)) fresh.value = undefined
		toast(n === 1 ? t("tokens.removed", { name }) : t("tokens.removedSome", { n }))
	}
	const renew = async () => {
		fresh.value = await ask("PATCH tokens/{name}", { path: { name }, body: { new_secret: true } })
	}
	if (asked.what === "renew") {
		return (
			<Dialog
				title={t("tokens.renewTitle", { name })} onClose={onClose}
				footer={<><Button onClick={onClose}>{t("action.cancel")}</Button><Button kind="primary" onClick={() => run(renew)}>{t("tokens.renew")}</Button></>}
			>
				{error && <Failure error={error} />}
				<p>{t("tokens.renewHelp")}</p>
			</Dialog>
		)
	}
	return (
		<Dialog
			title={n === 1 ? t("tokens.removeTitle", { name }) : t("tokens.removeSomeTitle", { n })} onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>{t("action.cancel")}</Button>
					{asked.tokens.some((x) => !x.disabled) && <Button onClick={() => run(() => disableTokens(asked.tokens, true, done))}>{t("tokens.disableInstead")}</Button>}
					<Button kind="danger" onClick={() => run(remove)}>{t("action.remove")}</Button>
				</>
			}
		>
			{error && <Failure error={error} />}
			<p>{t("tokens.removeHelp")}</p>
		</Dialog>
	)
}
