/** Gives a gateway channels that are well and ill, tokens, and some calls. Returns the tokens' secrets. */
export async function fill(gateway, upstream) {
	const channel = (name, key, more = {}) =>
		gateway.api("POST", "channels", { name, urls: [{ url: upstream }], allow_private_addresses: true, protocols: ["anthropic"], models: ["claude-*", "gpt-*"], keys: key.map((k) => ({ key: k })), ...more })
	await channel("claude-main", ["mk-n6-g5-u1", "mk-n6-g5-u2", "mk-n6-g5-u3", "mk-n6-g5-u4"], { priority: 5, daily_budget: 12, budget: { day: 12 } }).catch(() => channel("claude-main", ["mk-n6-g5-u1", "mk-n6-g5-u2", "mk-n6-g5-u3", "mk-n6-g5-u4"], { priority: 5 }))
	await channel("relay-a", ["mk-429-ra90-u5", "mk-429-ra120-u6", "mk-429-ra150-u7"], { priority: 9 })
	await channel("relay-b", ["mk-429-ra300-u8", "mk-n4-g5-u9"], { priority: 8, rpm: 12 })
	await channel("gpt-old", ["mk-auth-u10"], { priority: 7 })
	await channel("relay-c", ["mk-sseerr-p60-u11"], { priority: 6 })
	await channel("claude-spare", ["mk-n6-u12"], { priority: 0 })
	await channel("old-relay", ["mk-u13"], { disabled: true })
	const secrets = {}
	for (const name of ["laptop", "agents", "ci"]) secrets[name] = (await gateway.api("POST", "tokens", { name })).secret
	const models = ["claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-sonnet-4-6", "llama-9"]
	for (let i = 0; i < 60; i++) {
		await gateway.call(Object.values(secrets)[i % 3], models[i % models.length], i % 2 === 0)
	}
	return secrets
}
