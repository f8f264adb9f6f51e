// How fast pages are seen, how little they move, and what they weigh. The table
// of docs/dashboard.md is what this prints; what depends on the machine is
// printed and not judged.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { setStage } from "./stage.mjs"

const pages = { Overview: "overview", Channels: "channels", Requests: "requests", Costs: "costs", Tokens: "tokens", Playground: "playground", Settings: "settings" }
const mostMoved = 0.05
const mostRequests = 8

let stage
before(async () => {
	stage = await setStage()
})
after(() => stage?.end())

/** Runs in the page, before anything of it: notes what the browser tells of layout and of long work. */
function watch() {
	globalThis.seen = { moved: 0, what: [], long: [] }
	new PerformanceObserver((list) => {
		for (const e of list.getEntries()) {
			if (e.hadRecentInput) continue
			globalThis.seen.moved += e.value
			globalThis.seen.what.push(`${e.value.toFixed(4)} ${e.sources.map((s) => s.node?.className || s.node?.nodeName).join(" ")}`)
		}
	}).observe({ type: "layout-shift", buffered: true })
	new PerformanceObserver((list) => globalThis.seen.long.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask", buffered: true })
}

/** Opens a page and tells what was seen of it. */
async function measure(context, hash) {
	const page = await context.newPage()
	await page.addInitScript(watch)
	await page.goto(stage.gateway.ui + "#/" + hash)
	await page.locator("main").first().waitFor()
	await page.waitForTimeout(1500)
	const told = await page.evaluate(() => ({
		...globalThis.seen,
		first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
		files: performance.getEntriesByType("resource").filter((e) => /\/assets\//.test(e.name)).map((e) => ({ name: e.name.split("/").pop(), sent: e.transferSize, body: e.encodedBodySize })),
	}))
	await page.close()
	return told
}

const kilobytes = (files, ending) => (files.filter((f) => f.name.endsWith(ending)).reduce((sum, f) => sum + f.body, 0) / 1024).toFixed(1)

test("pages stay where they are as they load, of few files, and of none the second time", async (t) => {
	const lines = ["| page | first contentful paint | layout shift | long tasks | longest | files | JS | CSS |", "|---|--:|--:|--:|--:|--:|--:|--:|"]
	for (const [name, hash] of Object.entries(pages)) {
		const opened = await stage.chrome.open(stage.gateway.ui, { login: true, hash: "#/missing" })
		const session = await opened.context().storageState()
		await opened.context().close()
		const context = await stage.chrome.browser.newContext({ storageState: session, viewport: { width: 1440, height: 900 }, locale: "en-GB" })
		const cold = await measure(context, hash)
		const warm = await measure(context, hash)
		await context.close()
		lines.push(`| ${name} | ${Math.round(cold.first)} ms | ${cold.moved.toFixed(3)} | ${cold.long.length} | ${Math.round(Math.max(0, ...cold.long))} ms | ${cold.files.length + 1} | ${kilobytes(cold.files, ".js")} KB | ${kilobytes(cold.files, ".css")} KB |`)
		assert.ok(cold.moved <= mostMoved, `${name} moves by ${cold.moved}: ${cold.what.join("; ")}`)
		assert.ok(cold.files.length + 1 <= mostRequests, `${name} is made of ${cold.files.map((f) => f.name)}`)
		assert.deepEqual(warm.files.filter((f) => f.sent > 0).map((f) => f.name), [], `${name} loads files anew`)
	}
	t.diagnostic("\n" + lines.join("\n"))
})

test("a slow API moves nothing that is seen either", async () => {
	for (const [name, hash] of Object.entries(pages)) {
		await stage.visit({ hash: "#/missing" }, async (page) => {
			await page.route(/\/api\/(?!session|login|live)/, async (route) => {
				await new Promise((done) => setTimeout(done, 400))
				await route.continue().catch(() => {})
			})
			await page.addInitScript(watch)
			await page.goto(stage.gateway.ui + "#/" + hash)
			await page.reload()
			await page.waitForTimeout(1800)
			const seen = await page.evaluate(() => globalThis.seen)
			assert.ok(seen.moved <= mostMoved, `${name} moves by ${seen.moved}: ${seen.what.join("; ")}`)
		})
	}
})

test("many calls at once make neither a page that grows nor one that is late", async (t) => {
	await stage.visit({ hash: "#/overview" }, async (page) => {
		await page.locator("tbody tr").first().waitFor()
		const nodes = () => page.evaluate(() => document.querySelectorAll("*").length)
		await page.evaluate(watch)
		const before = await nodes()
		const token = stage.tokens.laptop
		for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 25 }, () => stage.gateway.call(token)))
		await page.waitForTimeout(4000)
		const after = await nodes()
		const long = await page.evaluate(() => globalThis.seen.long)
		t.diagnostic(`500 calls: ${before} nodes before, ${after} after; ${long.length} tasks over 50 ms, the longest ${Math.round(Math.max(0, ...long))} ms`)
		assert.ok(after < before + 400, `${before} nodes became ${after}`)
	})
})
