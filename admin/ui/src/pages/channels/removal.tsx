import { signal } from "@preact/signals"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { t } from "../../i18n/text"
import { go, href, route } from "../../shell/router"
import { removeAll } from "./actions"

const wanted = signal<readonly string[]>([])

/** Asks before channels are removed: their keys could not be brought back. */
export function askRemoval(names: readonly string[]): void {
	wanted.value = names
}

export function RemovalPrompt() {
	const names = wanted.value
	if (names.length === 0) return null
	const close = () => (wanted.value = [])
	return (
		<Dialog
			title={t("ch.removeTitle", { n: names.length })}
			onClose={close}
			footer={
				<>
					<Button onClick={close}>{t("action.cancel")}</Button>
					<Button
						kind="danger"
						onClick={async () => {
							await removeAll([...names])
							close()
							if (names.includes(route.value.rest[0] ?? "")) go(href("channels"))
						}}
					>
						{t("action.delete")}
					</Button>
				</>
			}
		>
			<ul class="removal">{names.slice(0, 12).map((n) => <li key={n} class="clipped" dir="auto">{n}</li>)}{names.length > 12 && <li class="t3">+{names.length - 12}</li>}</ul>
			<p class="t2">{t("ch.removeHelp")}</p>
		</Dialog>
	)
}
