// The dashboard in a real browser, against the real binary.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { build, password, startBrowser, startGateway, startUpstream } from "./harness.mjs"
import { fill } from "./traffic.mjs"
import { axe } from "./stage.mjs"

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"

let binary, upstream, full, tokens, chrome

before(async () => {
	binary = build()
	upstream = await startUpstream()
	full = await startGateway(binary)
	tokens = await fill(full, upstream.url)
	chrome = await startBrowser()
})

after(async () => {
	await chrome?.close()
	await full?.close()
	await upstream?.stop()
})

/** Opens a page, and afterwards asserts that nothing went wrong on it. */
async function visit(options, work, gateway = full) {
	const page = await chrome.open(gateway.ui, options)
	try {
		await work(page)
		assert.deepEqual(page.problems, [])
	} finally {
		await page.context().close()
	}
}

const ready = (page) => page.locator("table[aria-label=Channels] tbody tr").first().waitFor()

test("the document has its policy, and is built of few and small files", async () => {
	const context = await chrome.browser.newContext({ extraHTTPHeaders: { "Accept-Encoding": "gzip" } })
	const page = await context.newPage()
	const sizes = new Map()
	const answers = []
	page.on("response", (r) => answers.push(r))
	await context.request.post(full.ui + "api/login", { data: { password } })
	await page.goto(full.ui)
	await ready(page)
	await page.locator(".uplot").first().waitFor()
	assert.equal((await answers[0].allHeaders())["content-security-policy"], policy)
	let assets = 0
	for (const r of answers) {
		assert.ok(r.url().startsWith(full.base), `${r.url()} is of another origin`)
		if (!r.url().includes("/assets/")) continue
		assets++
		const h = await r.allHeaders()
		assert.equal(h["content-encoding"], "gzip", r.url())
		assert.match(h["cache-control"], /immutable/)
		sizes.set(r.url().split("/").pop(), Number(h["content-length"]))
	}
	assert.ok(answers.length <= 8 + 1, `a cold visit takes ${answers.length} requests: ${answers.map((r) => r.url())}`)
	assert.ok(assets >= 4, `only ${assets} assets`)
	const most = { "app.js": 45, "uplot.js": 25, "app.css": 15, "en.js": 12 }
	for (const [name, kb] of Object.entries(most)) assert.ok(sizes.get(name) < kb * 1024, `${name} weighs ${sizes.get(name)}`)
	const scripts = [...sizes.keys()].filter((name) => name.endsWith(".js")).sort()
	assert.deepEqual(scripts, ["app.js", "en.js", "uplot.js"], "the first page takes other scripts")
	assert.ok(sizes.get("app.js") + sizes.get("uplot.js") < 70 * 1024)

	// The second visit takes nothing but the document.
	await page.goto("about:blank")
	await page.goto(full.ui)
	await ready(page)
	const again = await page.evaluate(() => performance.getEntriesByType("resource").filter((e) => e.name.includes("/assets/")).map((e) => [e.name, e.transferSize]))
	assert.ok(again.length >= 4)
	assert.deepEqual(again.filter(([, bytes]) => bytes > 0), [], "assets were loaded again")
	await context.close()
})

test("the first frame has the theme and the language that were chosen", async () => {
	for (const [theme, lang] of [["dark", "zh"], ["light", "en"]]) {
		const context = await chrome.browser.newContext({ colorScheme: theme === "dark" ? "light" : "dark", javaScriptEnabled: false })
		await context.addCookies([{ name: "ccload_look", value: `${theme}.${lang}`, url: full.ui }])
		const page = await context.newPage()
		await page.goto(full.ui)
		assert.equal(await page.locator("html").getAttribute("lang"), lang)
		const dark = await page.evaluate(() => Number(getComputedStyle(document.documentElement).backgroundColor.match(/oklch\(([\d.]+)/)?.[1]) < 0.5)
		assert.equal(dark, theme === "dark")
		await context.close()
	}
})

test("theme and language are chosen in the bar and stay", async () => {
	await visit({ login: true }, async (page) => {
		await ready(page)
		await page.getByRole("button", { name: "Theme" }).click()
		await page.getByRole("menuitemradio", { name: "Dark" }).click()
		await page.getByRole("button", { name: "中文" }).click()
		await page.getByRole("heading", { name: "概览" }).waitFor()
		await page.reload()
		await page.getByRole("heading", { name: "概览" }).waitFor()
		assert.equal(await page.locator("html").getAttribute("data-theme"), "dark")
		// Texts of the page, without what users have written.
		const text = await page.evaluate(() => ["nav", "h2", "th", "dt", ".sub", ".st"].flatMap((s) => [...document.querySelectorAll(s)].map((e) => e.textContent)).join("\n"))
		assert.ok(!/[a-z]{4,}/.test(text.replace(/ccload|claude-[\w-]+|relay-\w|gpt-\w+|old-relay/g, "")), `there is English in the Chinese page: ${text.match(/.*[a-z]{4,}.*/)?.[0]}`)
	})
})

test("one logs in with the password or a token, and sees what one may", async () => {
	await visit({}, async (page) => {
		const field = page.getByLabel("Admin password or client token")
		await field.fill("wrong")
		await page.keyboard.press("Enter")
		await page.getByRole("alert").getByText("neither the admin password").waitFor()
		await field.fill(password)
		await page.getByRole("button", { name: "Log in" }).click()
		await ready(page)
		const cookie = (await page.context().cookies()).find((c) => c.name === "ccload_session")
		assert.equal(cookie.httpOnly, true)
		assert.equal(cookie.sameSite, "Strict")
		assert.deepEqual(await page.evaluate(() => [JSON.stringify(localStorage), document.cookie.includes("session")]), ["{}", false])
		await page.getByRole("button", { name: "admin" }).click()
		await page.getByRole("menuitem", { name: "Log out", exact: true }).click()
		await page.getByLabel("Admin password or client token").fill(tokens.laptop)
		await page.keyboard.press("Enter")
		await page.getByText("token laptop").waitFor()
		assert.equal(await page.getByRole("link", { name: "Channels" }).count(), 0)
		await page.goto(full.ui + "#/channels")
		await page.getByText("This is for the operator").waitFor()
	})
})

test("the first channel is made in two clicks and two fields, and works", async () => {
	const empty = await startGateway(binary)
	try {
		await visit({ login: true }, async (page) => {
			await page.getByRole("heading", { name: "Add the first channel" }).waitFor()
			await axe(page, "welcome")
			await page.getByLabel("Key", { exact: true }).fill("mk-n6-u1")
			await page.getByLabel("Address").fill(upstream.url)
			await page.getByRole("button", { name: "Test and add" }).click()
			await page.getByRole("heading", { name: "relay works" }).waitFor()
			await axe(page, "welcome, done")
			const secret = await page.locator(".secret .clipped").textContent()
			assert.match(secret, /^sk-ccload-/)
			const curl = await page.locator(".snip pre").textContent()
			const model = curl.match(/"model": "([^"]+)"/)[1]
			const answer = await empty.call(secret, model)
			assert.equal(answer.status, 200, answer.text)
			await page.getByRole("link", { name: "Go to the overview" }).click()
			await page.locator("table[aria-label=Requests] tbody tr").first().waitFor()
		}, empty)
	} finally {
		await empty.close()
	}
})

test("a channel that does not answer is not left behind", async () => {
	const empty = await startGateway(binary)
	try {
		await visit({ login: true }, async (page) => {
			await page.getByLabel("Key", { exact: true }).fill("mk-auth-u1")
			await page.getByLabel("Address").fill(upstream.url)
			await page.getByRole("button", { name: "Test and add" }).click()
			await page.getByRole("alert").waitFor()
			assert.equal((await empty.api("GET", "channels")).length, 0)
			await page.getByLabel("Key", { exact: true }).fill("mk-n6-u2")
			await page.getByRole("button", { name: "Test and add" }).click()
			await page.getByRole("heading", { name: "relay works" }).waitFor()
		}, empty)
	} finally {
		await empty.close()
	}
})

test("what was typed is still there after the login has ended", async () => {
	const empty = await startGateway(binary)
	try {
		await visit({ login: true }, async (page) => {
			await page.getByLabel("Key", { exact: true }).fill("mk-n6-u7")
			await page.getByLabel("Address").fill(upstream.url)
			await empty.api("POST", "logout/all")
			await page.getByRole("button", { name: "Test and add" }).click()
			const dialog = page.getByRole("dialog", { name: "Log in" })
			await dialog.getByLabel("Admin password or client token").fill(password)
			await axe(page, "login again")
			await page.keyboard.press("Enter")
			await page.getByRole("heading", { name: "relay works" }).waitFor()
		}, empty)
	} finally {
		await empty.close()
	}
})

test("a call appears by itself within a second; the list is held under the pointer", async () => {
	await visit({ login: true }, async (page) => {
		await ready(page)
		const rows = page.locator("table[aria-label=Requests] tbody tr")
		await rows.first().waitFor()
		await page.getByRole("status").getByText("Live").waitFor()
		const model = () => rows.first().locator("td").nth(2).textContent()
		const sent = performance.now()
		await full.call(tokens.ci, "claude-live-1")
		await page.waitForFunction(() => document.querySelector("table[aria-label=Requests] tbody tr td:nth-child(3)")?.textContent === "claude-live-1", undefined, { timeout: 3000 })
		assert.ok(performance.now() - sent < 1000, `it took ${performance.now() - sent} ms`)
		await rows.nth(3).hover()
		await full.call(tokens.ci, "claude-live-2")
		await page.getByRole("button", { name: "1 new" }).waitFor()
		assert.equal(await model(), "claude-live-1")
		await page.mouse.move(5, 5)
		await page.waitForFunction(() => document.querySelector("table[aria-label=Requests] tbody tr td:nth-child(3)")?.textContent === "claude-live-2")
	})
})

test("the figures are those of the API, and the errors those of the provider", async () => {
	await visit({ login: true }, async (page) => {
		await ready(page)
		const o = await page.evaluate(async () => (await (await fetch("api/overview?step=1m&since=" + new Date(Date.now() - 3600e3).toISOString())).json()).data)
		const all = o.total.ok + o.total.failed_over + o.total.caller + o.total.failed
		const rows = (await full.api("GET", "calls?limit=500"))
		assert.equal(all, rows.calls.length)
		assert.equal(o.total.failed_over, rows.calls.filter((c) => c.outcome === "ok" && c.attempts.length > 1).length)
		for (const c of o.channels) {
			const attempts = rows.calls.flatMap((r) => r.attempts).filter((a) => a.target.channel === c.name)
			assert.equal(c.hour.attempts, attempts.length, c.name)
			assert.equal(c.hour.ok, attempts.filter((a) => a.outcome.kind === "ok").length, c.name)
		}
	})
})

test("a resting channel is woken with one click", async () => {
	await visit({ login: true }, async (page) => {
		await ready(page)
		const row = page.getByRole("row", { name: /^relay-a/ })
		await row.getByRole("button", { name: "Wake" }).click()
		await page.getByText("relay-a is awake").waitFor()
		await row.getByText("ready").waitFor()
	})
})

test("the address says all: copied, Back and Forward", async () => {
	await visit({ login: true, hash: "#/overview?range=6h" }, async (page) => {
		await ready(page)
		assert.equal(await page.locator(".range [aria-current]").textContent(), "6h")
		await page.locator(".range").getByText("24h").click()
		await page.getByRole("navigation").getByRole("link", { name: "Channels" }).click()
		assert.match(page.url(), /#\/channels\?range=24h$/)
		await page.goBack()
		assert.match(page.url(), /#\/overview\?range=24h$/)
		await page.goBack()
		await page.waitForFunction(() => document.querySelector(".range [aria-current]")?.textContent === "6h")
		await page.goForward()
		await page.waitForFunction(() => document.querySelector(".range [aria-current]")?.textContent === "24h")
	})
})

for (const [name, site, path, prefix] of [
	["/x/y", "ccload_admin /x/y/*\n\tccload", "/x/y/", "/x/y"],
	["/z/ccload by handle_path", "handle_path /z/* {\n\t\tccload_admin\n\t}\n\tccload", "/z/ccload/", "/z/ccload"],
]) {
	test(`it works below ${name}, also without the slash`, async () => {
		const gateway = await startGateway(binary, { site, prefix })
		try {
			const page = await chrome.open(gateway.base + path.slice(0, -1))
			assert.equal(new URL(page.url()).pathname, path)
			await page.getByLabel("Admin password or client token").fill(password)
			await page.keyboard.press("Enter")
			await page.getByRole("heading", { name: "Add the first channel" }).waitFor()
			await page.getByRole("status").getByText("Live").waitFor()
			await page.reload()
			await page.getByRole("heading", { name: "Add the first channel" }).waitFor()
			assert.deepEqual(page.problems, [])
			await page.context().close()
		} finally {
			await gateway.close()
		}
	})
}

test("a restart is told in words, and misses nothing", async () => {
	const gateway = await startGateway(binary)
	try {
		const secrets = await fill(gateway, upstream.url)
		await visit({ login: true }, async (page) => {
			await ready(page)
			await page.getByRole("status").getByText("Live").waitFor()
			await gateway.stop()
			await page.getByRole("status").getByText("Reconnecting").waitFor()
			await gateway.start()
			await gateway.call(secrets.ci, "claude-after-restart")
			await page.getByRole("status").getByText("Live").waitFor({ timeout: 20_000 })
			await page.locator("table[aria-label=Requests]").getByText("claude-after-restart").waitFor()
			assert.equal(await page.locator("table[aria-label=Requests]").getByText("claude-after-restart").count(), 1)
		}, gateway)
	} finally {
		await gateway.close()
	}
})

test("nothing scrolls to the side", async () => {
	for (const width of [360, 390, 768, 1100, 1440]) {
		await visit({ login: true, width }, async (page) => {
			await ready(page)
			const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
			assert.ok(over <= 0, `at ${width} px the overview is ${over} px too wide`)
		})
	}
})

for (const theme of ["light", "dark"]) {
	test(`axe finds nothing, ${theme}`, async () => {
		await visit({ theme }, (page) => axe(page, "login"))
		await visit({ login: true, theme }, async (page) => {
			await ready(page)
			await axe(page, "overview")
			await page.getByRole("button", { name: "Table" }).first().click()
			await page.getByRole("button", { name: "Custom range" }).click()
			await axe(page, "overview, table and range")
			await page.keyboard.press("Escape")
			await page.keyboard.press("?")
			await page.getByRole("dialog").waitFor()
			await axe(page, "help")
			// The focus stays in a dialog.
			for (let i = 0; i < (theme === "light" ? 80 : 0); i++) {
				await page.keyboard.press("Tab")
				assert.ok(await page.evaluate(() => document.activeElement.closest("dialog") !== null), `after ${i + 1} tabs`)
			}
		})
		await visit({ login: true, theme, width: 390, height: 844 }, async (page) => {
			await ready(page)
			await axe(page, "overview on a phone")
		})
	})
}
