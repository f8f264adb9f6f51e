import { ask } from "../../api/client"
import { ApiError } from "../../api/problem"
import { isOperator } from "../../api/session"
import type { AiRecord } from "../../api/types"
import { Button } from "../../components/button"
import { copyText } from "../../components/copy"
import { toast } from "../../components/toast"
import { t } from "../../i18n/text"
import { parsed } from "./json"

const chat = [{ role: "user", content: "Hello" }]

/** Where a call of a kind is sent, and what a small one looks like; the body is used if none was captured. */
function sentTo(c: AiRecord): { path: string; body: Record<string, unknown> } | undefined {
	const stream = c.stream ? { stream: true } : {}
	const { model } = c
	const name = encodeURIComponent(model)
	switch (`${c.protocol} ${c.operation}`) {
		case "anthropic generate":
			return { path: "/v1/messages", body: { model, max_tokens: 100, ...stream, messages: chat } }
		case "anthropic count_tokens":
			return { path: "/v1/messages/count_tokens", body: { model, messages: chat } }
		case "openai generate":
			return { path: "/v1/chat/completions", body: { model, ...stream, messages: chat } }
		case "openai complete":
			return { path: "/v1/completions", body: { model, ...stream, prompt: "Hello" } }
		case "openai embed":
			return { path: "/v1/embeddings", body: { model, input: "Hello" } }
		case "responses generate":
			return { path: "/v1/responses", body: { model, ...stream, input: "Hello" } }
		case "gemini generate":
			return { path: `/v1beta/models/${name}:${c.stream ? "streamGenerateContent?alt=sse" : "generateContent"}`, body: { contents: [{ role: "user", parts: [{ text: "Hello" }] }] } }
		case "gemini count_tokens":
			return { path: `/v1beta/models/${name}:countTokens`, body: { contents: [{ role: "user", parts: [{ text: "Hello" }] }] } }
	}
	return undefined
}

const quoted = (text: string): string => "'" + text.replaceAll("'", "'\\''") + "'"

const headers: Record<string, string[]> = {
	anthropic: ["x-api-key: $CCLOAD_TOKEN", "anthropic-version: 2023-06-01"],
	gemini: ["x-goog-api-key: $CCLOAD_TOKEN"],
}

/** A line that sends the call again. The token's secret is not known here: it is read from the environment. */
export function curlOf(c: AiRecord, captured: string | undefined): string | undefined {
	const to = sentTo(c)
	if (!to) return undefined
	const lines = [...(headers[c.protocol] ?? ["Authorization: Bearer $CCLOAD_TOKEN"]), "content-type: application/json"]
	return [`curl ${quoted(location.origin + to.path)}`, ...lines.map((h) => `  -H "${h}"`), `  -d ${quoted(captured ?? JSON.stringify(to.body))}`].join(" \\\n")
}

/** Copies it; with the body that was sent, if it was captured. */
export function CopyCurl({ call: c }: { call: AiRecord }) {
	if (!sentTo(c)) return null
	return (
		<Button
			size="s"
			title={t("requests.curlTitle")}
			onClick={async () => {
				const captured = isOperator() ? await bodyOf(c.id) : undefined
				await copyText(curlOf(c, captured) ?? "")
				toast(t(captured === undefined ? "requests.curlCopied" : "requests.curlCopiedWhole"))
			}}
		>
			{t("requests.copyCurl")}
		</Button>
	)
}

/** The whole body that was sent; undefined if it is not there or was cut. */
async function bodyOf(id: string): Promise<string | undefined> {
	try {
		const capture = await ask("GET calls/{id}/bodies", { path: { id } })
		return parsed(capture.request) ? capture.request : undefined
	} catch (e) {
		if (e instanceof ApiError && e.code === "not_found") return undefined
		throw e
	}
}
