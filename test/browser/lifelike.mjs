/** Gives a gateway hundreds of calls as they are in life, after fill(): failovers, rests, limits, soft errors, unknown models and callers' errors. Returns the tokens' secrets, and the ids of calls worth looking at. */
export async function live(gateway, upstream, { calls = 300 } = {}) {
	const channel = (name, keys, more = {}) =>
		gateway.api("POST", "channels", { name, urls: [{ url: upstream }], allow_private_addresses: true, protocols: ["anthropic"], keys: keys.map((key) => ({ key })), ...more })
	const main = ["mk-t60-n6-g15-u1", "mk-t60-n6-g15-u2", "mk-t60-n6-g15-u3"]
	await channel("claude-main", main, { models: ["claude-*"], priority: 5, budget: { day: 0.2, month: 40 } })
	await channel("relay-a", ["mk-429-p60-t20-ra1-u5"], { models: ["claude-*"], priority: 9, cost_multiplier: 0.6 })
	await channel("relay-b", ["mk-err200-t40-p30-u8", "mk-t40-n4-g15-u9"], { models: ["claude-*", "gpt-*"], priority: 8, cost_multiplier: 0.8 })
	await channel("gpt-team", ["mk-t50-n5-g10-u10"], { models: ["gpt-*", "mystery-*"], priority: 6, protocols: ["anthropic", "openai"] })
	await channel("old-relay", ["mk-u13"], { models: ["claude-*"], disabled: true })
	// The story: a rate limit, an error inside 200, then an answer.
	await channel("story-a", ["mk-429-t120-ra60-u20"], { models: ["story-*"], priority: 9 })
	await channel("story-b", ["mk-err200-t180-u21"], { models: ["story-*"], priority: 8 })
	await channel("story-c", ["mk-t150-n12-g20-u22"], { models: ["story-*"], priority: 7 })
	await channel("story-spare", ["mk-u23"], { models: ["story-*"], priority: 0 })
	await channel("story-muted", ["mk-u24"], { models: ["story-*"], priority: 9, disabled: true })
	await channel("story-night", ["mk-u25"], { models: ["story-*"], priority: 9, hours: nightHours() })
	await channel("story-private", ["mk-u26"], { models: ["story-*"], priority: 9 })
	const secrets = {}
	for (const [name, more] of Object.entries({ laptop: { budget: { day: 0.05 }, except_channels: ["story-private"] }, agents: {}, ci: {}, [long]: {} })) secrets[name] = (await gateway.api("POST", "tokens", { name, ...more })).secret
	const story = await gateway.call(secrets.laptop, "story-1", true)
	const lost = await gateway.call(secrets.laptop, "no-such-model")
	if (story.status !== 200 || lost.status < 400) throw new Error(`${story.status} ${story.text}; ${lost.status} ${lost.text}`)
	const models = ["claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-sonnet-4-6", "gpt-5.2", "gpt-5-mini", "claude-opus-4-8", "mystery-7"]
	const names = ["laptop", "agents", "ci", "agents"]
	for (let i = 0; i < calls; i += 10) {
		await Promise.all(Array.from({ length: Math.min(10, calls - i) }, (_, k) => gateway.call(secrets[names[(i + k) % 4]], models[(i + 3 * k) % models.length], (i + k) % 2 === 0)))
	}
	await gateway.call(secrets[long], "claude-haiku-4-5")
	await gateway.call(secrets.ci, "مرحبا-‮<b>model</b>-🦀-" + "x".repeat(120))
	const found = async (query) => (await gateway.api("GET", "calls?limit=1&" + query)).calls[0]
	return { secrets, story: await found("model=story-1"), lost: await found("model=no-such-model") }
}

const long = "a-token-with-a-very-long-name-" + "n".repeat(60)

/** Hours in which this moment is not. */
function nightHours() {
	const hour = (h) => `${String((h + 24) % 24).padStart(2, "0")}:00`
	const now = new Date().getUTCHours()
	return { from: hour(now + 6), to: hour(now + 8), zone: "UTC" }
}
