import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import type { AiRecord, Capture } from "../../api/types"
import { Copy } from "../../components/copy"
import { Failure } from "../../components/notice"
import { bytes } from "../../i18n/format"
import { t } from "../../i18n/text"
import { href } from "../../shell/router"
import { JsonView, parsed } from "./json"

const firstPart = 32_768

/** What was sent and answered, if it was captured. */
export function Bodies({ call: c }: { call: AiRecord }) {
	const got = useResource((stop) => ask("GET calls/{id}/bodies", { path: { id: c.id }, signal: stop }), [c.id])
	const missing = got.error.value?.code === "not_found"
	const data = got.data.value
	return (
		<section class="sec bodies">
			<header class="head">
				<h2>{t("requests.bodies")}</h2>
				<span class="sub">
					{bytes(c.request_bytes)} → {bytes(c.answer_bytes)}
					{data && ", " + t("requests.masked")}
				</span>
			</header>
			{got.error.value && !missing && <Failure error={got.error.value} retry={got.reload} />}
			{missing && (
				<p class="t2">
					{t("requests.notCaptured")} <a class="link" href={href("settings", { tab: "capture" })}>{t("requests.captureSettings")}</a>
				</p>
			)}
			{data && <Captured data={data} />}
		</section>
	)
}

function Captured({ data }: { data: Capture }) {
	const parts: [string, string][] = [[t("requests.body.request"), data.request], [t("requests.body.answer"), data.answer]]
	if (data.upstream) parts.push([t("requests.body.upstream"), data.upstream])
	return (
		<>
			{parts.map(([name, text]) => <Body key={name} name={name} text={text} />)}
			{data.cut && <p class="small t3 foot2">{t("requests.cut")}</p>}
		</>
	)
}

/** One body: JSON to fold and unfold, anything else, such as a stream, as it is. */
function Body({ name, text }: { name: string; text: string }) {
	const [whole, setWhole] = useState(false)
	const json = parsed(text)
	const long = !json && text.length > firstPart && !whole
	return (
		<details class="more body">
			<summary class="disc">
				<span>{name}</span>
				<span class="t3">{bytes(new Blob([text]).size)}</span>
			</summary>
			<div class="morebody">
				<div>
					<Copy text={text}>{t("action.copy")}</Copy>
				</div>
				{text === "" && <p class="t3">{t("requests.emptyBody")}</p>}
				{json ? (
					<div class="json mono">
						<JsonView value={json.value} depth={0} />
					</div>
				) : (
					text !== "" && <pre tabIndex={0} dir="auto">{long ? text.slice(0, firstPart) : text}</pre>
				)}
				{long && (
					<button type="button" class="link small" onClick={() => setWhole(true)}>
						{t("requests.showAll")}
					</button>
				)}
			</div>
		</details>
	)
}
