// The page of settings: what holds, where it comes from, and what is done with it.
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { after, before, test } from "node:test"
import { password } from "./harness.mjs"
import { axe, fits, setStage } from "./stage.mjs"

let stage
before(async () => {
	stage = await setStage({ declared: "retention 7d 1GiB\nalias fast claude-haiku-4-5 gpt-5-mini" })
})
after(() => stage?.end())

const sections = ["health", "log", "capture", "aliases", "prices", "import", "encryption", "audit", "about"]

test("every section in both languages and themes, and on a phone", async () => {
	for (const options of [{}, { theme: "dark", locale: "zh-CN" }, { width: 360, height: 740 }]) {
		await stage.visit({ hash: "#/settings", ...options }, async (page) => {
			for (const tab of sections) {
				await page.evaluate((to) => (location.hash = to), "#/settings?tab=" + tab)
				await page.locator(".setbody h2").first().waitFor()
				await page.waitForTimeout(150)
				await fits(page, tab)
				if (!options.width) await axe(page, tab + JSON.stringify(options))
			}
		})
	}
})

test("the search finds a setting and leads to it", async () => {
	await stage.visit({ hash: "#/settings" }, async (page) => {
		await page.getByLabel("Find a setting").fill("largest")
		await page.getByRole("link", { name: /Largest size/ }).click()
		await page.getByRole("heading", { name: "Request log" }).waitFor()
		await page.getByLabel("Find a setting").fill("zzzz")
		await page.getByText("No setting is called that.").waitFor()
		await page.goBack()
		await page.getByRole("heading", { name: "Health" }).waitFor()
	})
})

test("a setting shows its source and default, applies at once, and is taken back", async () => {
	await stage.visit({ hash: "#/settings?tab=log" }, async (page) => {
		const age = page.getByLabel(/Keep calls for/)
		assert.deepEqual([await age.inputValue(), await age.isDisabled()], ["7", true])
		await page.getByText("It can be changed only there").waitFor()
		await page.goto(stage.gateway.ui + "#/settings?tab=capture")
		const each = page.getByLabel(/Of each body/)
		assert.deepEqual([await each.inputValue(), await each.getAttribute("placeholder")], ["", "256"])
		await page.getByRole("switch", { name: "Keep the bodies of calls" }).click()
		await page.getByText("Saved, and in force").waitFor()
		await page.locator("[role=switch][aria-checked=true]").waitFor()
		await each.fill("many")
		await page.getByRole("button", { name: "Save" }).click()
		await page.getByText("must be a whole number").waitFor()
		await each.fill("8")
		await page.getByRole("button", { name: "Save" }).click()
		await page.getByText("set here").waitFor()
		assert.deepEqual((await stage.gateway.api("GET", "settings")).capture, { enabled: true, body_bytes: 8192 })
		await page.getByRole("button", { name: "Undo" }).last().click()
		await page.getByText("set here").waitFor({ state: "detached" })
		assert.deepEqual((await stage.gateway.api("GET", "settings")).capture, { enabled: true })
	})
})

test("aliases are made, changed and taken back", async () => {
	await stage.visit({ hash: "#/settings?tab=aliases" }, async (page) => {
		await page.getByRole("button", { name: "Add alias" }).click()
		const dialog = page.getByRole("dialog")
		await dialog.getByLabel("Alias").fill("smart")
		await dialog.getByRole("button", { name: "Save" }).click()
		await dialog.getByText("name the models it stands for").waitFor()
		await dialog.getByLabel("Models, in order").fill("claude-opus-4-8\ngpt-5.2")
		await axe(page, "the dialog")
		await dialog.getByRole("button", { name: "Save" }).click()
		await dialog.waitFor({ state: "detached" })
		const rowOf = (name) => page.locator("tbody tr", { hasText: name })
		await rowOf("smart").getByRole("button", { name: "Remove: smart" }).click()
		await rowOf("smart").waitFor({ state: "detached" })
		await page.getByRole("button", { name: "Undo" }).click()
		await rowOf("smart").waitFor()
		assert.deepEqual((await stage.gateway.api("GET", "aliases/smart")).models, ["claude-opus-4-8", "gpt-5.2"])
		assert.equal(await rowOf("fast").getByRole("button").count(), 0, "a declared alias can be changed")
	})
})

test("a price of one's own is added, and a usage costs what it says", async () => {
	await stage.visit({ hash: "#/settings?tab=prices&price=new" }, async (page) => {
		const dialog = page.getByRole("dialog")
		await dialog.getByLabel("Model").fill("house-model")
		await dialog.getByLabel("Input", { exact: true }).fill("x")
		await dialog.getByLabel("Output").fill("6")
		await dialog.getByRole("button", { name: "Save" }).click()
		await dialog.getByRole("alert").waitFor()
		await dialog.getByLabel("Input", { exact: true }).fill("1.5")
		await dialog.getByRole("button", { name: "Save" }).click()
		await dialog.waitFor({ state: "detached" })
		await page.getByLabel("Model", { exact: true }).fill("house-model")
		await page.getByLabel("Input", { exact: true }).fill("2000000")
		await page.getByLabel("Output", { exact: true }).fill("500000")
		await page.getByRole("button", { name: "What does it cost?" }).click()
		await page.locator(".bill .sum").getByText("$6.00").waitFor()
		await page.getByLabel("Model", { exact: true }).fill("nobody-knows-9")
		await page.getByRole("button", { name: "What does it cost?" }).click()
		await page.getByText("no price known").waitFor()
		await page.getByRole("button", { name: "Remove: house-model" }).click()
		await page.getByText("No prices of your own").waitFor()
		await page.getByRole("button", { name: "Undo" }).last().click()
		await page.locator("tbody tr", { hasText: "house-model" }).waitFor()
	})
})

test("an import shows the difference first, and an export with secrets asks for the password", async () => {
	await stage.visit({ hash: "#/settings?tab=import" }, async (page) => {
		const [plain] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export", exact: true }).click()])
		const text = readFileSync(await plain.path(), "utf8")
		assert.ok(!text.includes("mk-n6-g5-u1"), "an export without secrets holds keys")
		const file = JSON.parse(text)
		file.channels.find((c) => c.name === "claude-spare").priority = 3
		file.channels.find((c) => c.name === "claude-main").urls = [{ url: stage.upstream.url.replace("127.0.0.1", "localhost") }]
		const choose = (data) => page.locator("input[type=file]").setInputFiles({ name: "export.json", mimeType: "application/json", buffer: Buffer.from(data) })
		await choose(JSON.stringify(file))
		await page.getByText("1 cannot be taken").waitFor()
		const ask = page.getByLabel("Admin password")
		await ask.fill("wrong")
		await page.getByRole("button", { name: "Look again with it" }).click()
		await page.getByText("this is not the admin password").waitFor()
		await ask.fill(password)
		await page.getByRole("button", { name: "Look again with it" }).click()
		await page.getByText("2 changed").waitFor()
		await axe(page, "the difference")
		assert.equal((await stage.gateway.api("GET", "channels/claude-spare")).config.priority ?? 0, 0, "a dry run changed something")
		await page.getByRole("button", { name: "Apply 2 changes" }).click()
		await page.getByText("What was changed").waitFor()
		assert.equal((await stage.gateway.api("GET", "channels/claude-spare")).config.priority, 3)
		await choose("{broken")
		await page.getByText("This could not be loaded").waitFor()

		await page.getByLabel("With upstream keys and the hashes of tokens").check()
		await page.getByLabel("Admin password").last().fill(password)
		const [secret] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export" }).click()])
		assert.match(secret.suggestedFilename(), /^ccload-.*\.json$/)
		assert.ok(readFileSync(await secret.path(), "utf8").includes("mk-n6-g5-u1"))
	})
})

test("secrets are sealed anew, and the audit trail has it all", async () => {
	await stage.visit({ hash: "#/settings?tab=encryption" }, async (page) => {
		await page.getByRole("button", { name: "Seal with a new key" }).click()
		await axe(page, "the question")
		await page.getByRole("button", { name: "Seal anew" }).click()
		await page.getByText(/The secrets of 7 channels/).waitFor()
		assert.equal((await stage.gateway.call(stage.tokens.laptop)).status, 200)
		await page.getByRole("link", { name: "Audit trail" }).click()
		for (const what of ["sealed anew", "exported", "imported", "removed"]) await page.locator("td", { hasText: what }).first().waitFor()
	})
})
