import { useState } from "preact/hooks"
import { t } from "../i18n/text"
import { Copy } from "./copy"

export interface Snippet {
	id: string
	name: string
	text: string
}

/** Settings for clients, with a token in them. model: one that is served. */
export function snippetsFor(secret: string, model: string, origin = location.origin): Snippet[] {
	return [
		{ id: "curl", name: "curl", text: `curl ${origin}/v1/messages \\\n  -H "x-api-key: ${secret}" \\\n  -H "anthropic-version: 2023-06-01" \\\n  -H "content-type: application/json" \\\n  -d '{"model": "${model}", "max_tokens": 100,\n       "messages": [{"role": "user", "content": "Hello"}]}'` },
		{ id: "claude", name: "Claude Code", text: `export ANTHROPIC_BASE_URL=${origin}\nexport ANTHROPIC_AUTH_TOKEN=${secret}\nexport ANTHROPIC_MODEL=${model}\nclaude` },
		{ id: "codex", name: "Codex", text: `# ~/.codex/config.toml\nmodel = "${model}"\nmodel_provider = "ccload"\n\n[model_providers.ccload]\nname = "ccload"\nbase_url = "${origin}/v1"\nenv_key = "CCLOAD_TOKEN"\nwire_api = "responses"\n\n# export CCLOAD_TOKEN=${secret}` },
		{ id: "openai", name: "OpenAI SDK", text: `export OPENAI_BASE_URL=${origin}/v1\nexport OPENAI_API_KEY=${secret}` },
		{ id: "gemini", name: "Gemini CLI", text: `export GOOGLE_GEMINI_BASE_URL=${origin}\nexport GEMINI_API_KEY=${secret}` },
	]
}

/** Snippets in tabs, each with a button that copies it. */
export function Snippets({ list }: { list: readonly Snippet[] }) {
	const [open, setOpen] = useState(list[0]?.id)
	const shown = list.find((s) => s.id === open) ?? list[0]
	if (!shown) return null
	return (
		<div class="snip">
			<div class="tabs t" role="group" aria-label={t("welcome.snippets")}>
				{list.map((s) => (
					<button key={s.id} type="button" class={s === shown ? "on" : undefined} aria-pressed={s === shown} onClick={() => setOpen(s.id)}>
						{s.name}
					</button>
				))}
			</div>
			<pre tabIndex={0}>{shown.text}</pre>
			<span class="snipcopy">
				<Copy text={shown.text}>{t("action.copy")}</Copy>
			</span>
		</div>
	)
}
