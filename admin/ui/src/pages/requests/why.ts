import { t, type Key } from "../../i18n/text"

/** How the gateway says why a target was chosen (selection/reason.go), and the text for it. A test of selection holds the two together. */
const reasons: readonly (readonly [RegExp, Key])[] = [
	[/^highest priority ?(.*)$/, "why.tier"],
	[/^the conversation's key is over its share of load$/, "why.busy"],
	[/^the conversation's key is slower than its cache is worth$/, "why.slow"],
	[/^the conversation's key is near its rate limit$/, "why.low"],
	[/^the conversation's key cannot serve now$/, "why.gone"],
	[/^the only candidate$/, "why.only"],
	[/^weighted round-robin (.+)$/, "why.weighted"],
	[/^not measured yet$/, "why.unknown"],
	[/^explores \(1 call in 100\)$/, "why.explore"],
	[/^the quicker of two: (.+) against (.+)$/, "why.quicker"],
	[/^about as quick as the other of two$/, "why.equal"],
	[/^the measured one of two$/, "why.known"],
	[/^one of two at random$/, "why.chance"],
	[/^the less busy of two$/, "why.idler"],
	[/^holds the conversation's prompt cache \((.+) tokens\)$/, "why.cached"],
	[/^served the conversation before$/, "why.served"],
	[/^the conversation's place$/, "why.place"],
	[/^chosen by (.+)$/, "why.foreign"],
	[/^(.+) chooses only when there is a request$/, "why.unasked"],
]

function partText(part: string): string {
	for (const [pattern, key] of reasons) {
		const found = pattern.exec(part)
		if (found) return t(key, { a: found[1] ?? "", b: found[2] ?? "" }).trim()
	}
	return part
}

/** Why a target was chosen, in the language of the page. */
export const whyText = (why: string): string => why.split("; ").map(partText).join("; ")
