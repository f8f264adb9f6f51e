import type { ComponentChildren } from "preact"
import { useState } from "preact/hooks"
import { shortId } from "../i18n/format"
import { t } from "../i18n/text"
import { Button } from "./button"

/** Puts a text on the clipboard, also where the page is not served over TLS. */
export async function copyText(text: string): Promise<void> {
	if (navigator.clipboard) {
		await navigator.clipboard.writeText(text)
		return
	}
	const area = document.createElement("textarea")
	area.value = text
	area.setAttribute("readonly", "")
	area.className = "sr"
	;(document.querySelector("dialog:modal") ?? document.body).append(area)
	area.select()
	document.execCommand("copy")
	area.remove()
}

/** A button that copies, and says that it did. */
export function Copy({ text, children, size = "s", kind }: { text: string; children?: ComponentChildren; size?: "s" | "l"; kind?: "primary" }) {
	const [done, setDone] = useState(false)
	return (
		<Button
			size={size}
			kind={kind}
			icon={done ? "check" : "copy"}
			label={children ? undefined : t("action.copy")}
			onClick={async () => {
				await copyText(text)
				setDone(true)
				setTimeout(() => setDone(false), 1500)
			}}
		>
			{children && (done ? t("action.copied") : children)}
		</Button>
	)
}

/** An id, shortened in the middle; a click copies the whole. */
export function Id({ id }: { id: string }) {
	const [done, setDone] = useState(false)
	return (
		<button
			type="button"
			class="idbtn mono"
			title={t("action.copyId", { id })}
			onClick={async () => {
				await copyText(id)
				setDone(true)
				setTimeout(() => setDone(false), 1500)
			}}
		>
			{done ? t("action.copied") : shortId(id)}
		</button>
	)
}
