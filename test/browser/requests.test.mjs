// Requests and costs in a real browser, against the real binary.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after, before, test } from "node:test"
import { build, password, startBrowser, startGateway, startUpstream } from "./harness.mjs"
import { live } from "./lifelike.mjs"
import { axe } from "./stage.mjs"

let upstream, gateway, made, chrome

before(async () => {
	const binary = build()
	upstream = await startUpstream()
	gateway = await startGateway(binary)
	await gateway.api("PUT", "settings", { capture: { enabled: true } })
	made = await live(gateway, upstream.url, { calls: 240 })
	chrome = await startBrowser()
})

after(async () => {
	await chrome?.close()
	await gateway?.close()
	await upstream?.stop()
})

/** Opens a page, and afterwards asserts that nothing went wrong on it. */
async function visit(hash, options, work) {
	const page = await chrome.open(gateway.ui, { hash, login: true, ...options })
	try {
		await work(page)
		assert.deepEqual(page.problems, [])
	} finally {
		await page.context().close()
	}
}

const rows = (page) => page.locator("table[aria-label=Requests] tbody tr")
const listed = (page) => rows(page).first().waitFor()
const query = (page) => new URLSearchParams(page.url().split("?")[1] ?? "")

/** The file that a link downloads, as lines of cells. */
async function download(page, link) {
	const [file] = await Promise.all([page.waitForEvent("download"), link.click()])
	return readFileSync(await file.path(), "utf8").trim().split("\n").map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, -1).map((m) => m[1].replace(/^"|"$/g, "").replaceAll('""', '"')))
}

const seconds = (text) => (text.includes("ms") ? parseFloat(text) / 1000 : parseFloat(text))

test("a call that met a limit, an error inside 200 and then an answer is explained", async () => {
	const { story } = made
	assert.deepEqual(story.attempts.map((a) => a.outcome.status), [429, 200, 200])
	await visit("#/requests/" + story.id, {}, async (page) => {
		await page.getByRole("heading", { name: "What happened" }).waitFor()
		const tried = page.locator(".tl .row:not(.axis)")
		assert.deepEqual(await tried.locator(".who b").allTextContents(), ["Choose", "story-a", "story-b", "story-c"])
		const said = await tried.locator(".what").allTextContents()
		assert.match(said[0], /7 channels considered, 4 could serve/)
		assert.match(said[1], /429 rate limited.*per-minute rate limit.*key …-u20 rests 1:00|60\.0 s.*as the provider asked/)
		assert.match(said[2], /error inside 200.*rests/)
		assert.match(said[3], /200, streamed to the end/)
		const times = (await tried.locator(".end").evaluateAll((list) => list.map((e) => e.firstChild.textContent))).map(seconds)
		const whole = story.duration_ns / 1e9
		const sum = times.reduce((a, b) => a + b, 0)
		assert.ok(Math.abs(sum - whole) < 0.05 * whole, `the parts come to ${sum} s of ${whole} s`)
		const out = await page.locator(".reasons > li").allTextContents()
		for (const [name, why] of [["story-muted", "muted"], ["story-night", "off-schedule"], ["story-private", "not allowed for the token"], ["story-spare", "could serve, not needed"]]) {
			assert.ok(out.some((x) => x.includes(name) && x.includes(why)), `${name} is left out as ${why}: ${out}`)
		}
		const told = [...said, ...out].join()
		for (const c of story.candidates) assert.ok(told.includes(c.channel), `${c.channel} is not explained`)
		await page.getByText("Answer", { exact: true }).click()
		await page.locator(".bodies pre").getByText("message_start").first().waitFor()
		await page.keyboard.press("Escape")
		await listed(page)
	})
})

test("the reason why an unknown model was refused is seen", async () => {
	await visit("#/requests/" + made.lost.id, {}, async (page) => {
		await page.getByText('no channel of this gateway serves the model "no-such-model"').waitFor()
		await page.getByText("Nobody was asked").waitFor()
		await page.getByText(/channels do not serve this model/).waitFor()
	})
	await visit("#/requests/req_0000", {}, async (page) => {
		await page.getByText("There is no such request").waitFor()
	})
})

test("filters narrow list, bars and file, and stand in the address", async () => {
	await visit("#/requests", {}, async (page) => {
		await listed(page)
		await page.getByRole("button", { name: "Outcome" }).click()
		await page.getByRole("button", { name: "ok after failover" }).click()
		await page.waitForFunction(() => [...document.querySelectorAll("table[aria-label=Requests] tbody tr")].every((r) => /ok, try/.test(r.textContent)))
		assert.equal(query(page).get("outcome"), "failed_over")
		const all = await gateway.api("GET", "calls?limit=500")
		const moved = all.calls.filter((c) => c.outcome === "ok" && c.attempts.length > 1)
		await page.getByText(`${moved.length} · last hour`).waitFor()
		await page.getByRole("button", { name: "Model" }).click()
		await page.getByRole("textbox", { name: "Model" }).fill("claude-opus*")
		await page.keyboard.press("Enter")
		const opus = moved.filter((c) => c.model.startsWith("claude-opus"))
		await page.getByText(`${opus.length} · last hour`).waitFor()
		const file = await download(page, page.getByRole("link", { name: "CSV" }))
		assert.deepEqual(file.slice(1).map((line) => line[0]), opus.map((c) => c.id))
		const address = page.url()
		await page.getByPlaceholder("Id or error text").fill("no such words")
		await page.getByText("No request fits all filters").waitFor()
		await page.locator(".dropfilters").getByText("Id or error text").click()
		await listed(page)
		assert.equal(page.url(), address)
		assert.equal(await rows(page).count(), opus.length)
	})
	await visit("#/requests?text=per-minute+rate+limit&outcome=ok&longer=100ms", {}, async (page) => {
		await page.getByText("The bars do not follow: Duration and Id or error text.").waitFor()
	})
})

test("pages follow each other without gap or double, and Back leads back", async () => {
	await visit("#/requests", {}, async (page) => {
		await listed(page)
		const links = () => rows(page).evaluateAll((list) => list.map((r) => r.querySelector("a").getAttribute("href")))
		const seen = await links()
		const first = seen[0]
		for (;;) {
			const older = page.getByRole("link", { name: "Older" })
			if ((await older.count()) === 0) break
			await older.click()
			await page.waitForFunction((last) => document.querySelector("table[aria-label=Requests] tbody a").getAttribute("href") !== last, seen[seen.length - (seen.length % 100 || 100)])
			seen.push(...(await links()))
		}
		const all = (await gateway.api("GET", "calls?limit=500")).calls
		// The server pages by when calls began; a page shows them by when they ended.
		const ended = (c) => Date.parse(c.time) + c.duration_ns / 1e6
		const pages = Array.from({ length: Math.ceil(all.length / 100) }, (_, i) => all.slice(100 * i, 100 * i + 100).sort((a, b) => ended(b) - ended(a)))
		assert.deepEqual(seen.map((x) => x.match(/req_\w+/)[0]), pages.flat().map((c) => c.id))
		await page.getByRole("link", { name: "Newest" }).click()
		await page.waitForFunction((href) => document.querySelector("table[aria-label=Requests] tbody a").getAttribute("href") === href, first)
	})
})

test("a call appears within a second; rows under the pointer stay", async () => {
	await visit("#/requests", {}, async (page) => {
		await listed(page)
		await page.getByRole("status").getByText("Live").waitFor()
		const shows = (model) => page.waitForFunction((m) => document.querySelector("table[aria-label=Requests] tbody tr")?.textContent.includes(m), model, { timeout: 4000 })
		await page.waitForTimeout(1100)
		await gateway.call(made.secrets.ci, "claude-live-1")
		const ended = performance.now()
		await shows("claude-live-1")
		assert.ok(performance.now() - ended < 1000, `it took ${performance.now() - ended} ms`)
		await rows(page).nth(3).hover()
		await gateway.call(made.secrets.ci, "claude-live-2")
		await page.getByRole("button", { name: "1 new" }).waitFor()
		assert.ok(!(await rows(page).first().textContent()).includes("claude-live-2"))
		await page.mouse.move(5, 5)
		await shows("claude-live-2")
	})
})

test("drawing over the bars narrows the range; columns are chosen; keys open a row", async () => {
	await visit("#/requests?range=6h", {}, async (page) => {
		await listed(page)
		// The chart may be made anew when its data comes.
		const drawn = await page.waitForFunction(() => {
			const { x, y, width } = document.querySelector(".u-over")?.getBoundingClientRect() ?? {}
			return width > 0 && { x, y, width }
		})
		const plot = await drawn.jsonValue()
		await page.mouse.move(plot.x + plot.width * 0.9, plot.y + 20)
		await page.mouse.down()
		await page.mouse.move(plot.x + plot.width - 2, plot.y + 30, { steps: 5 })
		await page.mouse.up()
		await page.waitForFunction(() => /range=2\d\d\d-/.test(location.hash))
		await listed(page)
		await page.getByRole("button", { name: "Columns" }).click()
		await page.getByLabel("User agent").check()
		await page.getByLabel("Protocol").last().uncheck()
		await page.keyboard.press("Escape")
		const heads = await page.locator("table[aria-label=Requests] th").allTextContents()
		assert.ok(heads.includes("User agent") && !heads.includes("Protocol"), String(heads))
		assert.match(query(page).get("columns"), /agent/)
		await page.mouse.move(5, 5)
		await page.keyboard.press("j")
		await page.keyboard.press("j")
		await page.keyboard.press("Enter")
		await page.getByRole("heading", { name: "What happened" }).waitFor()
		await page.goBack()
		await listed(page)
	})
})

test("costs: the table, its file and the API say the same; a number leads to its requests", async () => {
	await visit("#/costs", {}, async (page) => {
		const table = page.locator("table[aria-label='Channel by model']")
		await table.locator("tfoot td").first().waitFor()
		const api = await gateway.api("GET", "costs?rows=channel&columns=model&since=" + new Date(Date.now() - 30 * 864e5).toISOString())
		const spent = await gateway.api("GET", "statistics?since=" + new Date(Date.now() - 30 * 864e5).toISOString())
		assert.equal(api.total.cost_usd, spent.rows[0].cost_usd)
		const file = await download(page, page.getByRole("link", { name: "CSV" }))
		const sum = file[file.length - 1]
		assert.equal(Number(sum[file[0].indexOf("cost_usd")]), api.total.cost_usd)
		for (const line of api.row_list) {
			const shown = await table.locator("tbody tr", { hasText: line.name || "(no channel)" }).first().locator(".sumcell").getAttribute("title")
			assert.ok(shown.startsWith(`$${line.sum.cost_usd} billed`) || line.sum.cost_usd < 1e-6, `${line.name}: ${shown}, not ${line.sum.cost_usd}`)
			const cells = file.find((l) => l[0] === line.name)
			assert.equal(Number(cells[file[0].indexOf("cost_usd")]), line.sum.cost_usd)
		}
		await page.getByText(/calls without a price/).waitFor()
		await page.locator(".budgetlist").getByText("laptop").waitFor()
		await page.getByText(/at this pace/).first().waitFor()
		await page.getByRole("button", { name: "Rows channel" }).click()
		await page.getByRole("menuitemradio", { name: "model" }).click()
		await page.locator("table[aria-label='Model by channel']").waitFor()
		assert.deepEqual([query(page).get("rows"), query(page).get("columns")], ["model", "channel"])
		await page.locator("table[aria-label='Model by channel'] tbody").getByRole("link", { name: "gpt-5.2" }).click()
		await listed(page)
		assert.deepEqual([query(page).get("model"), query(page).get("range")], ["gpt-5.2", "30d"])
	})
})

test("the holder of a token sees its own calls and costs, and nothing of accounts", async () => {
	const own = (await gateway.api("GET", "calls?limit=500&token=laptop")).calls.length
	await visit("#/requests", { login: made.secrets.laptop }, async (page) => {
		await page.getByText(`${own} · last hour`).waitFor()
		const text = await page.locator("main").textContent()
		assert.ok(!/relay|claude-main|gpt-team|Channel|Route/.test(text), text.match(/.{20}(relay|claude-main|gpt-team|Channel|Route)/)?.[0])
		await page.goto(gateway.ui + "#/requests/" + made.story.id)
		await page.getByText("200, streamed to the end").waitFor()
		assert.ok(!(await page.locator("main").textContent()).includes("story-a"))
		await page.goto(gateway.ui + "#/costs")
		await page.locator("table[aria-label='Model by day'] tfoot td").first().waitFor()
		assert.ok(!/relay|claude-main|gpt-team/.test(await page.locator("main").textContent()))
		await page.locator(".budgetlist").getByText("laptop").waitFor()
	})
	const others = (await gateway.api("GET", "calls?limit=1&token=ci")).calls[0].id
	await visit("#/requests/" + others, { login: made.secrets.laptop }, (page) => page.getByText("There is no such request").waitFor())
})

test("an API that fails, a login that has ended and a clock that is wrong are borne", async () => {
	for (const [hash, route, seen] of [["#/requests", "calls?*", "table[aria-label=Requests] tbody tr"], ["#/costs", "costs?*", ".matrix tfoot td"], ["#/requests/" + made.story.id, "calls/req_*", ".tl .row"]]) {
		await visit("#/settings", {}, async (page) => {
			await page.route("**/api/" + route, (r) => r.fulfill({ status: 500, contentType: "application/json", body: '{"error":{"code":"internal","message":"the gateway failed; its log says why"}}' }))
			await page.goto(gateway.ui + hash)
			await page.getByRole("alert").first().waitFor()
			await page.unroute("**/api/" + route)
			for (const button of await page.getByRole("button", { name: "Try again" }).all()) await button.click({ timeout: 500 }).catch(() => undefined)
			await page.locator(seen).first().waitFor()
		})
	}
	await visit("#/requests", {}, async (page) => {
		await listed(page)
		await page.context().clearCookies()
		await page.getByRole("button", { name: "Status" }).click()
		await page.getByRole("button", { name: "404" }).click()
		const dialog = page.getByRole("dialog", { name: "Log in" })
		await dialog.getByLabel("Admin password or client token").fill(password)
		await page.keyboard.press("Enter")
		await page.locator("table[aria-label=Requests]").getByTitle("no-such-model").waitFor()
	})
	const context = await chrome.browser.newContext()
	await context.addInitScript(() => {
		const now = Date.now.bind(Date)
		Date.now = () => now() + 3600_000
	})
	await context.request.post(gateway.ui + "api/login", { data: { password } })
	const page = await context.newPage()
	await page.goto(gateway.ui + "#/requests?range=15m")
	await listed(page)
	await context.close()
})

/** Few rows are looked through faster than a hundred. */
const some = "#/requests?outcome=failed_over&model=claude-opus*"
const screens = () => ["#/requests", "#/requests/" + made.story.id, "#/requests/" + made.lost.id, "#/costs", "#/requests?model=nothing-like-it", "#/costs?range=2020-01-01T00:00Z~2020-01-02T00:00Z"]

for (const theme of ["light", "dark"]) {
	test(`axe finds nothing, ${theme}`, async () => {
		await visit("#/requests", { theme }, async (page) => {
			for (const hash of [some, ...screens().slice(1, theme === "light" ? 6 : 4)]) {
				await page.goto(gateway.ui + hash)
				await page.waitForTimeout(300)
				await axe(page, hash)
			}
			await page.goto(gateway.ui + some)
			await listed(page)
			await page.getByRole("button", { name: "Outcome" }).click()
			await page.getByRole("button", { name: "caller’s error" }).waitFor()
			await axe(page, "a filter")
			await page.keyboard.press("Escape")
			await page.getByRole("button", { name: "Columns" }).click()
			await axe(page, "columns")
			await page.goto(gateway.ui + "#/requests/" + made.story.id)
			for (const name of ["Request", "Answer"]) await page.locator(".bodies summary").getByText(name, { exact: true }).click()
			await axe(page, "bodies")
		})
		await visit("#/requests", { theme, width: 390, height: 844 }, async (page) => {
			for (const hash of [some, "#/costs"]) {
				await page.goto(gateway.ui + hash)
				await page.waitForTimeout(300)
				await axe(page, hash + " on a phone")
			}
		})
	})
}

test("nothing scrolls to the side, and twenty rows are seen", async () => {
	await visit("#/requests", {}, async (page) => {
		await listed(page)
		await page.locator(".uplot").waitFor()
		const seen = await rows(page).evaluateAll((list) => list.filter((r) => r.getBoundingClientRect().bottom <= innerHeight).length)
		assert.ok(seen >= 20, `${seen} rows are seen`)
		for (const hash of screens()) {
			await page.goto(gateway.ui + hash)
			await page.waitForTimeout(300)
			for (const width of [1440, 1280, 1000, 768, 390, 360]) {
				await page.setViewportSize({ width, height: 900 })
				await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
				const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
				assert.ok(over <= 0, `at ${width} px ${hash} is ${over} px too wide`)
			}
		}
	})
})

test("there is no English in Chinese", async () => {
	for (const hash of ["#/requests", "#/requests/" + made.lost.id, "#/costs"]) {
		await visit(hash, { locale: "zh-CN" }, async (page) => {
			await page.locator("main section").first().waitFor()
			await page.waitForTimeout(500)
			const text = await page.evaluate(() => ["h2", "h3", "th", "dt", ".sub", ".st", "button", ".keys", ".btn"].flatMap((s) => [...document.querySelectorAll("main " + s)].filter((e) => !e.closest(".json")).map((e) => e.textContent)).join("\n"))
			const own = text.replace(/ccload|claude[\w-]+|relay-\w|gpt[\w.-]+|old-relay|mystery-7|story-\w+|curl|no-such-model|laptop|agents|a-token[\w-]+/g, "")
			assert.ok(!/[a-z]{4,}/.test(own), `${hash}: ${own.match(/.*[a-z]{4,}.*/)?.[0]}`)
		})
	}
})

test("a call under way is seen as it comes, and ended once that is confirmed", async () => {
	await gateway.api("POST", "channels", { name: "slow", urls: [{ url: upstream.url }], allow_private_addresses: true, protocols: ["openai"], models: ["slow-1"], keys: [{ key: "mk-n4000-g100-u78" }] })
	await visit("#/requests", {}, async (page) => {
		const asked = gateway.play({ body: { model: "slow-1", stream: true, messages: [{ role: "user", content: "Count" }] } })
		await page.getByText("1 under way").click()
		const row = page.locator("table[aria-label='Under way'] tbody tr")
		await row.getByText("answering").waitFor()
		await row.getByText("slow", { exact: true }).waitFor()
		assert.match(page.url(), /running=true/)
		await axe(page, "a call under way")
		await row.getByRole("button", { name: "End" }).click()
		await page.getByLabel("Reason").fill("too long")
		await axe(page, "the question before it is ended")
		await page.getByRole("button", { name: "End the call" }).click()
		await page.getByText("No call is under way").waitFor()
		const answer = await asked
		assert.match(answer.text, /ended_by_operator/)
		const record = await gateway.api("GET", "calls/" + answer.id)
		assert.equal(record.outcome, "ended")
		assert.match(record.message, /^ended by operator at .*: too long$/)
	})
	await visit("#/requests?running=true", { width: 360, height: 740, locale: "zh-CN", theme: "dark" }, async (page) => {
		await page.getByText("此刻没有进行中的请求").waitFor()
		assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0)
	})
})
