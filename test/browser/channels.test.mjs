// The pages of channels in a real browser, against the real binary.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { build, password, startBrowser, startGateway, startUpstream } from "./harness.mjs"
import { axe } from "./stage.mjs"

let upstream, other, gateway, chrome

const make = (name, keys, more = {}) =>
	gateway.api("POST", "channels", { name, urls: [{ url: upstream.url }], allow_private_addresses: true, protocols: ["anthropic"], models: ["claude-*"], keys: keys.map((key) => ({ key })), ...more })

before(async () => {
	const binary = build()
	upstream = await startUpstream()
	other = await startUpstream()
	gateway = await startGateway(binary, {
		declared: `channel claude-team {
			url ${upstream.url}
			key mk-n6-u9900000001
			protocol anthropic
			models claude-*
			allow_private_addresses
		}`,
	})
	await make("claude-main", ["mk-n6-u1000000001", "mk-n6-u1000000002"], { priority: 10, weight: 3, budget: { day: 12 } })
	await make("relay-a", ["mk-429-ra90-u2000000001"], { priority: 20 })
	await make("gpt-old", ["mk-auth-u3000000001"], { priority: 15 })
	await make("old-relay", ["mk-u4000000001"], { disabled: true })
	const { secret } = await gateway.api("POST", "tokens", { name: "laptop" })
	for (let i = 0; i < 12; i++) await gateway.call(secret, i % 4 === 3 ? "llama-9" : "claude-sonnet-4-6", i % 2 === 0)
	chrome = await startBrowser()
})

after(async () => {
	await chrome?.close()
	await gateway?.close()
	await upstream?.stop()
	await other?.stop()
})

/** Opens an address as the operator, and afterwards asserts that nothing went wrong on it. */
async function visit(hash, work, options = {}) {
	const page = await chrome.open(gateway.ui, { hash, login: true, ...options })
	page.setDefaultTimeout(6000)
	try {
		await work(page)
		assert.deepEqual(page.problems, [])
	} finally {
		await page.context().close()
	}
}

const config = async (name) => (await gateway.api("GET", "channels/" + encodeURIComponent(name))).config
const row = (page, name) => page.locator("tbody tr", { has: page.getByRole("link", { name, exact: true }) })

test("states, filters and numbers are in the list, and the filter in the address", () =>
	visit("#/channels", async (page) => {
		await row(page, "relay-a").locator(".st.resting").waitFor()
		await row(page, "gpt-old").locator(".st.failed").waitFor()
		await page.getByRole("link", { name: /1 failed/ }).click()
		assert.match(page.url(), /state=failed/)
		await page.locator("tbody tr").nth(1).waitFor({ state: "detached" })
		assert.equal(await page.locator("tbody tr").count(), 1)
		await page.getByLabel("Filter by name or model").fill("nothing like it")
		await page.getByText("No channel fits the filter").waitFor()
		await page.getByRole("link", { name: "Show all" }).click()
		await page.locator("tbody tr").nth(4).waitFor()
		assert.equal(await page.locator("tbody tr").count(), 5)
		assert.match(await row(page, "claude-main").innerText(), /of \$12/)
	}))

test("priority and weight are changed where they stand, and taken back", () =>
	visit("#/channels", async (page) => {
		const field = page.getByLabel("Priority of claude-main")
		await field.fill("11")
		await field.press("Enter")
		await page.getByText("claude-main has priority 11").waitFor()
		assert.equal((await config("claude-main")).priority, 11)
		await page.getByRole("button", { name: "Undo" }).click()
		await page.waitForFunction(() => document.querySelector("[aria-label='Priority of claude-main']").value === "10")
		await page.getByLabel("Weight of claude-main").fill("0")
		assert.equal(await page.getByLabel("Weight of claude-main").getAttribute("aria-invalid"), "true")
		await page.getByLabel("Weight of claude-main").press("Escape")
		assert.equal(await page.getByLabel("Weight of claude-main").inputValue(), "3")
		assert.equal(await page.getByLabel("Priority of claude-team").count(), 0, "what is declared can be changed")
	}))

test("a row is muted, woken and opened by keys", () =>
	visit("#/channels?sort=name", async (page) => {
		await row(page, "claude-main").waitFor()
		await page.keyboard.press("j")
		await page.keyboard.press("m")
		await page.getByText("claude-main is muted").waitFor()
		assert.equal((await config("claude-main")).disabled, true)
		await page.getByRole("button", { name: "Undo" }).click()
		await row(page, "claude-main").getByText("ready", { exact: true }).waitFor()
		await page.locator("tbody tr").first().focus()
		await page.keyboard.press("Enter")
		await page.locator("aside.panel").getByRole("heading", { name: "claude-main" }).waitFor()
		assert.match(page.url(), /edit=claude-main/)
		await page.keyboard.press("Escape")
		await page.locator("aside.panel").waitFor({ state: "detached" })
		await row(page, "relay-a").getByRole("button", { name: "Wake" }).click()
		await page.getByText("relay-a is awake").waitFor()
		assert.ok(!(await gateway.api("GET", "cooling")).some((e) => e.channel === "relay-a" && Date.parse(e.until) > Date.now()))
		await page.getByRole("button", { name: "Undo" }).last().click()
		await row(page, "relay-a").locator(".st.resting").waitFor()
	}))

test("several are changed at once", () =>
	visit("#/channels", async (page) => {
		for (const name of ["relay-a", "gpt-old", "claude-team"]) await row(page, name).getByRole("checkbox").check()
		const bar = page.getByRole("region", { name: "Chosen channels" })
		await bar.getByText("1 is from the Caddyfile and stays").waitFor()
		await bar.getByRole("button", { name: "Mute", exact: true }).click()
		await page.getByText("2 channels are muted").waitFor()
		await page.getByRole("button", { name: "Undo" }).click()
		await page.waitForFunction(() => document.querySelectorAll(".st.muted").length <= 2)
		await bar.getByRole("button", { name: "Change …" }).click()
		await page.getByLabel("Setting").selectOption("rpm")
		await page.getByLabel("Value for all").fill("-1")
		await page.getByRole("button", { name: "Save" }).click()
		await page.getByRole("alert").getByText(/rpm/).waitFor()
		await page.getByLabel("Value for all").fill("500")
		await page.getByRole("button", { name: "Save" }).click()
		await page.getByText("2 channels are changed").waitFor()
		assert.equal((await config("gpt-old")).rpm, 500)
	}))

test("a channel is made in the panel, and errors stand at their fields", () =>
	visit("#/channels?new=1", async (page) => {
		const panel = page.locator("aside.panel")
		await panel.getByLabel("Keys", { exact: true }).fill("mk-n6-u5000000001\nmk-n6-u5000000002")
		await panel.getByLabel("Addresses", { exact: true }).fill(upstream.url)
		await panel.getByRole("textbox", { name: /^Name/ }).fill("made-here")
		await panel.getByLabel("Models", { exact: true }).fill("claude-*")
		await panel.getByLabel("Priority", { exact: true }).fill("9999999")
		await panel.getByRole("button", { name: "Add", exact: true }).click()
		await panel.locator(".field", { hasText: "Priority" }).getByRole("alert").waitFor()
		assert.equal(await panel.getByRole("textbox", { name: /^Name/ }).inputValue(), "made-here")
		await panel.getByLabel("Priority", { exact: true }).fill("-3")
		await panel.getByRole("button", { name: "Add", exact: true }).click()
		await page.getByText("made-here is added").waitFor()
		const made = await config("made-here")
		assert.equal(made.priority, -3)
		assert.equal(made.keys.length, 2)
		await gateway.api("DELETE", "channels/made-here")
	}))

test("who edits is told of others, and loses nothing that was typed", () =>
	visit("#/channels?edit=claude-main", async (page) => {
		const panel = page.locator("aside.panel")
		await panel.getByLabel("Requests", { exact: true }).fill("77")
		await gateway.api("PATCH", "channels/claude-main", { weight: 4 })
		await panel.getByText("Somebody else has changed this channel meanwhile").waitFor()
		assert.equal(await panel.getByLabel("Requests", { exact: true }).inputValue(), "77")
		assert.equal(await panel.getByLabel("Weight", { exact: true }).inputValue(), "4")
		await panel.getByRole("button", { name: "Save" }).click()
		await page.getByText("claude-main is saved").waitFor()
		const c = await config("claude-main")
		assert.deepEqual([c.rpm, c.weight], [77, 4])
		// Closed with something typed, it is there again; so it is over a login that ends.
		await panel.getByLabel("Requests", { exact: true }).fill("78")
		await page.keyboard.press("Escape")
		await page.getByRole("button", { name: "Undo" }).click()
		assert.equal(await panel.getByLabel("Requests", { exact: true }).inputValue(), "78")
		await page.context().clearCookies()
		await panel.getByRole("button", { name: "Save" }).click()
		const dialog = page.locator("dialog")
		await dialog.getByLabel("Admin password or client token").fill(password)
		await dialog.getByRole("button", { name: "Log in", exact: true }).click()
		await panel.getByText("Nothing changed").waitFor()
		assert.equal((await config("claude-main")).rpm, 78)
		await gateway.api("PATCH", "channels/claude-main", { rpm: null, weight: 3 })
	}))

test("an address of another origin takes the admin password again", () =>
	visit("#/channels/gpt-old?tab=addresses", async (page) => {
		await page.getByLabel("Add an address").fill(other.url)
		await page.getByRole("button", { name: "Add", exact: true }).click()
		const dialog = page.locator("dialog")
		await dialog.getByLabel("Admin password").fill("wrong")
		await dialog.getByRole("button", { name: "Confirm" }).click()
		await dialog.getByRole("alert").waitFor()
		await dialog.getByLabel("Admin password").fill(password)
		await dialog.getByRole("button", { name: "Confirm" }).click()
		await page.getByText("The address is added").waitFor()
		assert.equal((await config("gpt-old")).urls.length, 2)
		await page.getByRole("button", { name: "Undo" }).click()
		await page.waitForFunction(() => document.querySelectorAll("table[aria-label=Addresses] tbody tr").length === 1)
	}))

test("keys are pasted, tested, removed and rotated", async () => {
	await make("many", ["mk-n3-u6000000001"], { models: ["claude-haiku-4-5"] })
	await visit("#/channels/many?tab=keys", async (page) => {
		await page.getByRole("button", { name: "Paste keys" }).click()
		const dialog = page.locator("dialog")
		await dialog.getByLabel("Keys").fill("mk-n3-u6000000001, mk-n3-u6000000002\nmk-auth-u6000000003\nmk-n3-u6000000002\nmk-auth-u6000000004")
		await dialog.getByText("4 keys, 1 doubles left out.").waitFor()
		await dialog.getByRole("button", { name: "Add 4" }).click()
		await page.getByText("3 keys added, 2 doubles left out").waitFor()
		await page.getByText("3 of 3 tested").waitFor()
		await page.getByRole("button", { name: "Remove 2 that failed" }).click()
		await page.getByRole("button", { name: "Remove 2 for good" }).click()
		await page.getByText("2 keys are removed").waitFor()
		assert.deepEqual((await config("many")).keys.map((k) => k.last_four), ["0001", "0002"])

		const old = page.locator("table[aria-label=Keys] tbody tr", { hasText: "…0001" })
		await old.getByRole("button", { name: "Rotate" }).click()
		await dialog.getByLabel("New key").fill("mk-auth-u6000000005")
		await dialog.getByRole("button", { name: "Rotate" }).click()
		await dialog.getByText("The new key was taken away again").waitFor()
		assert.deepEqual((await config("many")).keys.map((k) => k.last_four), ["0001", "0002"])
		await dialog.getByLabel("New key").fill("mk-n3-u6000000006")
		await dialog.getByRole("button", { name: "Rotate" }).click()
		await page.getByText("Key …0001 is replaced").waitFor()
		assert.deepEqual((await config("many")).keys.map((k) => k.last_four), ["0002", "0006"])
		assert.ok(!(await page.content()).includes("mk-n3-u6"), "a key is in the page")
	})
})

test("six thousand keys are a table like any other", async () => {
	await make("huge", [])
	await gateway.api("POST", "channels/huge/keys", { add: Array.from({ length: 6000 }, (_, i) => ({ key: `mk-n1-u${7000000000 + i}` })) })
	await visit("#/channels/huge?tab=keys", async (page) => {
		await page.getByText("…0000").waitFor()
		assert.ok((await page.locator("tbody tr").count()) < 150)
		await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
		await page.getByText("…5999").waitFor()
		assert.ok((await page.locator("tbody tr").count()) < 150)
		await page.getByRole("button", { name: "Test all" }).click()
		await page.locator(".runbar").getByText(/of 6,000 tested/).waitFor()
		await page.getByRole("button", { name: "Stop" }).click()
		await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" })
	})
	await gateway.api("DELETE", "channels/huge")
})

test("models are fetched, their difference shown, and all of them tested", async () => {
	await make("modelled", ["mk-n3-u8000000001"], { models: ["claude-haiku-4-5", "old-model"] })
	await visit("#/channels/modelled?tab=models", async (page) => {
		await page.getByRole("button", { name: "Fetch models" }).click()
		await page.getByText("5 new, 1 no longer listed, 1 as here").waitFor()
		await page.getByLabel("+ gpt-5.2").uncheck()
		await page.getByRole("button", { name: "Add 4" }).click()
		await page.getByText("6 names are saved").waitFor()
		assert.ok(!(await config("modelled")).models.includes("gpt-5.2"))
		await page.getByRole("button", { name: "Test all models" }).click()
		await page.getByText("6 of 6 tested").waitFor()
		const tested = page.locator("table[aria-label=Models] tbody tr", { hasText: "claude-haiku-4-5" })
		assert.match(await tested.innerText(), /\d (ms|s)/)
	})
})

test("rules and changes of bodies are tried before they are saved", () =>
	visit("#/channels/relay-a?tab=limits", async (page) => {
		await page.getByRole("button", { name: "Add a rule" }).click()
		const rule = page.locator(".rule")
		await rule.getByLabel("Text that fits (RE2)").fill("come back")
		await rule.getByLabel("What rests").selectOption("channel")
		const tester = page.locator(".tester").last()
		await tester.getByLabel("Status of an answer").fill("418")
		await tester.getByLabel("Its body").fill("come back later")
		await tester.getByRole("button", { name: "Try it" }).click()
		await tester.getByText("Rule 1 decides").waitFor()
		await page.getByRole("button", { name: "Save rules" }).click()
		await page.getByText("relay-a is saved").waitFor()
		const [saved] = (await config("relay-a")).cooldown_rules
		assert.deepEqual([saved.body, saved.scope, saved.for], ["come back", "channel", "10m"])

		await page.getByLabel("Set in the body").fill("temperature = 1\nthinking.budget_tokens = 2048")
		await page.getByLabel("Remove from the body").fill("metadata")
		await page.locator(".tester").first().getByRole("button", { name: "Try it" }).click()
		const after = JSON.parse(await page.locator(".tester").first().locator("pre").innerText())
		assert.deepEqual([after.temperature, after.thinking, after.metadata], [1, { budget_tokens: 2048 }, undefined])
	}))

test("what the config declares is marked and read-only", () =>
	visit("#/channels?edit=claude-team", async (page) => {
		const panel = page.locator("aside.panel")
		await panel.getByText("From the Caddyfile").waitFor()
		await panel.getByText("channel claude-team {").waitFor()
		assert.equal(await panel.locator("input,textarea,select").count(), 0)
		await page.goto(gateway.ui + "#/channels/claude-team?tab=keys")
		await page.getByText("…0001").waitFor()
		assert.equal(await page.getByRole("button", { name: /Paste keys|Rotate|Edit/ }).count(), 0)
	}))

test("a page says what went wrong, and what is not there", () =>
	visit("#/channels", async (page) => {
		await row(page, "claude-main").waitFor()
		await page.route("**/api/channels", (r) => r.fulfill({ status: 500, contentType: "application/json", body: '{"time":"2026-01-01T00:00:00Z","error":{"code":"store_failed","message":"disk full"}}' }))
		await page.reload()
		await page.getByText("disk full").waitFor()
		await page.unroute("**/api/channels")
		await page.getByRole("button", { name: "Try again" }).click()
		await row(page, "claude-main").waitFor()
		await page.goto(gateway.ui + "#/channels/nobody")
		await page.getByText("There is no channel nobody").waitFor()
	}))

const hard = "‮العربية 🚀 <b>bold</b> & " + "long-name-".repeat(13)

test("hard names, narrow windows, both themes and axe", async () => {
	await make("hard", ["mk-n1-u9000000001"])
	await gateway.api("PATCH", "channels/hard", { name: hard.replace("‮", ""), group: "<i>g</i>" })
	const name = encodeURIComponent(hard.replace("‮", ""))
	const pages = ["#/channels", "#/channels?edit=relay-a", "#/channels?new=1", `#/channels/${name}`, "#/channels/relay-a?tab=keys", "#/channels/relay-a?tab=addresses", "#/channels/claude-main?tab=models", "#/channels/relay-a?tab=limits", "#/channels/relay-a?tab=history", "#/channels?order=1"]
	for (const theme of ["light", "dark"]) {
		await visit("#/channels", async (page) => {
			for (const hash of theme === "light" ? pages : pages.slice(0, 5)) {
				await page.goto(gateway.ui + hash)
				await page.locator("main tbody tr, main .empty, main table, main form").first().waitFor()
				await axe(page, theme + " " + hash)
				if (theme === "dark") continue
				for (const width of [360, 768, 1440]) {
					await page.setViewportSize({ width, height: 900 })
					// Charts take their new width with the next frame.
					await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, null, { timeout: 2000 }).catch(() => assert.fail(`${hash} scrolls to the side at ${width}`))
				}
			}
		}, { theme })
	}
	await gateway.api("DELETE", "channels/" + name)
})

test("the Chinese pages hold no English", () =>
	visit("#/channels", async (page) => {
		for (const hash of ["#/channels", "#/channels?new=1", "#/channels/claude-main", "#/channels/claude-main?tab=keys", "#/channels/claude-main?tab=limits", "#/channels/claude-main?tab=history", "#/channels/claude-main?tab=models"]) {
			await page.goto(gateway.ui + hash)
			await page.locator("main table, main form").first().waitFor()
			const text = await page.evaluate(() => ["th", "dt", "label", "h2", ".help", ".sub", ".st", ".btn", ".empty", ".tabs a"].flatMap((s) => [...document.querySelectorAll("main " + s)].map((e) => e.textContent)).join("\n"))
			const left = text.replace(/\b[0-9a-f]{16}\b|ccload|Caddyfile|Retry-After|claude-[\w*-]+|relay-\w|gpt-[\w*]+|old-relay|many|modelled|anthropic|openai|responses|gemini|socks5h?|https?|thinking\.budget_tokens|metadata|temperature|Name: value|Europe\/Berlin|Asia\/Shanghai|JSON|value|bearer|x-api-key|x-goog-api-key|api-key|none|off\b|tok\/s|unix\w*|-Name|\+Name/g, "")
			assert.ok(!/[a-z]{4,}/.test(left), `${hash}: ${left.match(/.*[a-z]{4,}.*/)?.[0]}`)
		}
	}, { locale: "zh-CN" }))
