import type { TokenConfig } from "../../api/types"
import type { Sent } from "../../api/sent"

// What stands in the fields of the form, as it was typed.

export interface TokenDraft {
	name: string
	models: string
	day: string
	month: string
	total: string
	expires: string
	/** all, only those named, or all but those. */
	reach: "all" | "only" | "except"
	channels: string
	rpm: string
	tpm: string
	max_concurrency: string
	expose_route: boolean
	upstream_counts: boolean
}

const text = (n: number | undefined): string => (n ? String(n) : "")

export const draftOf = (t: TokenConfig): TokenDraft => ({
	name: t.name,
	models: (t.models ?? []).join(", "),
	day: text(t.budget?.day), month: text(t.budget?.month), total: text(t.budget?.total),
	expires: t.expires ?? "",
	reach: t.channels?.length ? "only" : t.except_channels?.length ? "except" : "all",
	channels: (t.channels?.length ? t.channels : (t.except_channels ?? [])).join(", "),
	rpm: text(t.rpm), tpm: text(t.tpm), max_concurrency: text(t.max_concurrency),
	expose_route: Boolean(t.expose_route), upstream_counts: Boolean(t.upstream_counts),
})

const listOf = (typed: string): string[] | null => {
	const list = typed.split(/[,\n]/).map((x) => x.trim()).filter(Boolean)
	return list.length > 0 ? list : null
}

/** A number, or null for none. What is no number goes to the server as it is, which says so at the field. */
const numberOf = (typed: string): number | null => {
	const trimmed = typed.trim().replace(/^\$/, "")
	if (trimmed === "") return null
	const n = Number(trimmed)
	return Number.isFinite(n) ? n : (trimmed as unknown as number)
}

/** The draft as the API takes it: null for what is not set. */
export function sentOf(d: TokenDraft): Sent<TokenConfig> {
	return {
		name: d.name.trim(),
		models: listOf(d.models),
		budget: { day: numberOf(d.day), month: numberOf(d.month), total: numberOf(d.total) },
		expires: d.expires || null,
		channels: d.reach === "only" ? listOf(d.channels) : null,
		except_channels: d.reach === "except" ? listOf(d.channels) : null,
		rpm: numberOf(d.rpm), tpm: numberOf(d.tpm), max_concurrency: numberOf(d.max_concurrency),
		expose_route: d.expose_route || null, upstream_counts: d.upstream_counts || null,
	}
}

/** Only what differs: somebody else may have changed the rest meanwhile. */
export function changesOf(was: TokenDraft, is: TokenDraft): Sent<TokenConfig> {
	const before = sentOf(was) as Record<string, unknown>
	const after = sentOf(is) as Record<string, unknown>
	return Object.fromEntries(Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])))
}
