import { useState } from "preact/hooks"
import { ask } from "../../api/client"
import { asProblem } from "../../api/problem"
import { Button } from "../../components/button"
import { TextField } from "../../components/field"
import { problemText } from "../../components/problemtext"
import { t } from "../../i18n/text"
import { bodyFields, FieldError } from "./form"

const example = '{"model":"claude-sonnet-4-6","max_tokens":100,"temperature":0.2,"metadata":{"user_id":"x"},"messages":[{"role":"user","content":"Hello"}]}'

/** Before and after: what the channel's changes make of a request. */
export function EditsTester({ set, remove }: { set: string; remove: string }) {
	const [body, setBody] = useState(example)
	const [after, setAfter] = useState("")
	const [error, setError] = useState<string | undefined>(undefined)
	const run = async () => {
		setError(undefined)
		try {
			const got = await ask("POST edits/test", { body: { body_set: bodyFields(set), body_remove: remove.split(/[\s,]+/).filter(Boolean), body } })
			setAfter(got.body)
		} catch (e) {
			setAfter("")
			const problem = asProblem(e)
			setError(e instanceof FieldError ? e.message : problem && problemText(problem))
		}
	}
	return (
		<div class="tester">
			<TextField label={t("ch.before")} mono rows={4} value={body} onInput={setBody} error={error} />
			<div><Button icon="play" onClick={run}>{t("ch.tryIt")}</Button></div>
			{after && (
				<div class="field">
					<span class="lab">{t("ch.after")}</span>
					<pre class="wrap" tabIndex={0}>{pretty(after)}</pre>
				</div>
			)}
		</div>
	)
}

function pretty(text: string): string {
	try {
		return JSON.stringify(JSON.parse(text), null, 2)
	} catch {
		return text
	}
}
