import type { CatalogueProvider } from "../api/types"

/** Whose key it is, if it tells. */
export function providerOf(key: string, known: readonly CatalogueProvider[]): CatalogueProvider | undefined {
	let found: CatalogueProvider | undefined
	let longest = 0
	for (const p of known) {
		for (const pattern of p.key_patterns ?? []) {
			const [first = "", ...more] = pattern.split("*")
			let at = first.length
			const fits = key.startsWith(first) && more.every((part) => (at = key.indexOf(part, at)) >= 0)
			if (fits && pattern.length > longest) [found, longest] = [p, pattern.length]
		}
	}
	return found
}

/** The keys of a text: one per line, or separated by commas or blanks. */
export const keysOf = (text: string): string[] => [...new Set(text.split(/[\s,]+/).filter(Boolean))]

/** A name for the channel that nobody has yet. */
export function nameFor(provider: string | undefined, address: string, taken: readonly string[]): string {
	let name = provider ?? ""
	if (!name) {
		try {
			const host = new URL(address).hostname
			name = /^[\d.:[\]]+$/.test(host) ? "relay" : host.replace(/^(api|www)\./, "").split(".").slice(0, -1).join("-") || host
		} catch {
			name = "channel"
		}
	}
	for (let n = 1; ; n++) {
		const tried = n === 1 ? name : `${name}-${n}`
		if (!taken.includes(tried)) return tried
	}
}

const cheap = /haiku|mini|flash|lite|nano|small|8b|turbo/i
const notChat = /embed|image|imagen|whisper|tts|audio|dall|moderation|rerank|veo|sora|realtime|live|transcribe/i

/** A model for a short test: a cheap one that chats. */
export function modelFor(models: readonly string[]): string | undefined {
	const chat = models.filter((m) => !notChat.test(m) && !m.includes("*"))
	return chat.filter((m) => cheap.test(m)).sort().at(-1) ?? chat[0]
}

/** An address as it was meant: with a scheme. */
export function addressFor(text: string): string {
	const trimmed = text.trim()
	return trimmed && !/^https?:\/\//i.test(trimmed) ? (/^(localhost|127\.|\[::1\])/.test(trimmed) ? "http://" : "https://") + trimmed : trimmed
}
