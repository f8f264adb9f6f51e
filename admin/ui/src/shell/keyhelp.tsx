import { useState } from "preact/hooks"
import { Dialog } from "../components/dialog"
import { Switch } from "../components/field"
import { isOperator } from "../api/session"
import { t, type Key } from "../i18n/text"
import { goTo, knownKeys, lettersOn, setLetters, useKey } from "./keys"

const pageKeys: [string, string, Key][] = [
	["g o", "overview", "key.goOverview"], ["g c", "channels", "key.goChannels"], ["g r", "requests", "key.goRequests"], ["g k", "costs", "key.goCosts"],
	["g t", "tokens", "key.goTokens"], ["g p", "playground", "key.goPlayground"], ["g s", "settings", "key.goSettings"],
]

/** The keys of every page, and the help that lists them. */
export function KeyHelp() {
	const [open, setOpen] = useState(false)
	useKey("?", "key.help", () => setOpen(true))
	return (
		<>
			{isOperator() && pageKeys.map(([keys, page, what]) => <PageKey key={keys} keys={keys} page={page} what={what} />)}
			{open && (
				<Dialog title={t("keys.title")} onClose={() => setOpen(false)}>
					<dl class="kv keylist">
						{knownKeys().filter((k) => k.keys !== "Escape").map((k) => [
							<dt key={k.keys}>{k.keys.split(" ").map((x) => <kbd key={x}>{x}</kbd>)}</dt>,
							<dd key={k.keys + "d"}>{k.text}</dd>,
						])}
						<dt><kbd>Esc</kbd></dt>
						<dd>{t("action.close")}</dd>
					</dl>
					<Switch label={t("keys.letters")} on={lettersOn.value} onChange={setLetters} />
				</Dialog>
			)}
		</>
	)
}

function PageKey({ keys, page, what }: { keys: string; page: string; what: Key }) {
	useKey(keys, what, goTo(page))
	return null
}
