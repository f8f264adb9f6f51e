// Takes the two pictures of the README: node pictures.mjs [MINUTES].
// A gateway serves calls at the pace of a small team for that long (55 if nothing
// else is said), so that what the pictures show has happened.
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, startBrowser, startGateway, startUpstream } from "./harness.mjs"

const docs = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "docs")
const minutes = Number(process.argv[2] ?? 55)
const upstream = await startUpstream()
const gateway = await startGateway(build())

const channel = (name, keys, more) =>
	gateway.api("POST", "channels", { name, urls: [{ url: upstream.url }], allow_private_addresses: true, protocols: ["anthropic"], keys: keys.map((key) => ({ key })), ...more })
await channel("claude-team", ["mk-t420-n60-g18-u1", "mk-t380-n50-g18-u2", "mk-t510-n70-g18-u3"], { models: ["claude-*"], priority: 8, budget: { day: 5 } })
await channel("claude-backup", ["mk-t640-n60-g20-u4", "mk-t700-n50-g20-u5"], { models: ["claude-*"], priority: 5, weight: 2 })
await channel("relay-tokyo", ["mk-429-p35-t60-ra45-u6", "mk-429-p20-t80-ra60-u7"], { models: ["claude-*", "gpt-*"], priority: 9, cost_multiplier: 0.6 })
await channel("relay-paris", ["mk-err200-p12-t350-n40-g20-u8"], { models: ["claude-*", "gpt-*"], priority: 9, cost_multiplier: 0.8 })
await channel("openai", ["mk-t300-n50-g14-u9", "mk-t330-n60-g14-u10"], { models: ["gpt-*"], priority: 7, budget: { day: 3 } })
await channel("azure-eu", ["mk-529-p25-t500-n40-g20-u11"], { models: ["gpt-*"], priority: 8 })
await channel("gemini", ["mk-t260-n70-g10-u12"], { models: ["gemini-*"], priority: 7 })
await channel("old-reseller", ["mk-auth-u13"], { models: ["gpt-*"], priority: 9, disabled: true })

const tokens = []
for (const [name, more] of [["laptop", { budget: { day: 5 } }], ["agents", { budget: { day: 20 } }], ["ci", {}], ["support-bot", {}]]) {
	tokens.push((await gateway.api("POST", "tokens", { name, ...more })).secret)
}
const models = ["claude-sonnet-4-6", "claude-opus-4-8", "gpt-5.2", "claude-haiku-4-5", "claude-sonnet-4-6", "gpt-5-mini", "gemini-3-flash", "claude-opus-4-8"]
const context = "The build of the release fails since the change of yesterday, and the log says what follows. "

async function ask(i) {
	const model = i % 97 === 0 ? "no-such-model" : models[Math.floor(Math.random() * models.length)]
	const answer = await fetch(gateway.base + "/v1/messages", {
		method: "POST", headers: { "x-api-key": tokens[Math.floor(Math.random() * Math.random() * tokens.length)], "Content-Type": "application/json", "anthropic-version": "2023-06-01" },
		body: JSON.stringify({ model, max_tokens: 1000, stream: i % 5 > 0, messages: [{ role: "user", content: context.repeat(10 + Math.floor(Math.random() * 200)) }] }),
	})
	await answer.text()
}

const running = new Set()
const start = Date.now()
let end = start + minutes * 60_000
const chrome = await startBrowser()
const pictures = (async () => {
	await new Promise((done) => setTimeout(done, end - Date.now()))
	for (const theme of ["light", "dark"]) {
		const page = await chrome.open(gateway.ui, { hash: minutes < 30 ? "#/overview?range=15m" : "#/overview", login: true, theme, width: 1280, height: 800 })
		await page.locator(".uplot").first().waitFor()
		await page.waitForTimeout(6000)
		await page.screenshot({ path: join(docs, `dashboard-${theme}.png`) })
		await page.context().close()
	}
	end = 0
})()
for (let i = 1; end > 0; i++) {
	const one = ask(i).finally(() => running.delete(one))
	running.add(one)
	// More and less of it, as the minutes go.
	const pace = 1.4 + Math.sin((Date.now() - start) / 90_000) + 0.4 * Math.sin((Date.now() - start) / 23_000)
	await new Promise((done) => setTimeout(done, (900 * -Math.log(1 - Math.random())) / Math.max(pace, 0.3)))
}
await pictures
await Promise.allSettled(running)
await chrome.close()
await gateway.close()
await upstream.stop()
