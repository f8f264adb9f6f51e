// Client tokens: made, used, limited, refused, renewed, removed.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { axe, fits, setStage } from "./stage.mjs"

let stage
const odd = "عربي <b>x</b> " + "long-".repeat(35)

before(async () => {
	stage = await setStage({ declared: 'token house "declared-secret-0123456789" {\n budget 5/day\n}' })
	const make = (t) => stage.gateway.api("POST", "tokens", t)
	stage.small = (await make({ name: "small", budget: { day: 1000, month: 1500 }, rpm: 600, models: ["claude-*"] })).secret
	await make({ name: "gone", expires: "2020-01-01" })
	await make({ name: odd, disabled: true })
	await stage.gateway.call(stage.small)
})
after(() => stage?.end())

const row = (page, name) => page.locator("table[aria-label=Tokens] tbody tr").filter({ has: page.locator("a.name", { hasText: name }) })

test("a token is made of a preset in two clicks, its secret is shown once, and it works", async () => {
	await stage.visit({ hash: "#/tokens" }, async (page) => {
		await page.getByRole("link", { name: /^Laptop/ }).click()
		assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "laptop-2", "a name that is taken")
		await axe(page, "the form")
		await page.getByRole("button", { name: "Make token" }).click()
		await page.getByText("laptop-2 is ready").waitFor()
		const secret = await page.locator(".secret .clipped").innerText()
		assert.equal((await stage.gateway.call(secret)).status, 200)
		assert.ok((await page.locator(".snip pre").innerText()).includes(secret), "the snippet holds the secret")
		await axe(page, "the secret")
		const made = await stage.gateway.api("GET", "tokens/laptop-2")
		assert.deepEqual([made.budget, made.max_concurrency, made.last_four], [{ day: 5, month: 100 }, 10, secret.slice(-4)])
		await row(page, "laptop-2").getByText("active").waitFor() // its call has been seen
		assert.deepEqual(await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }].flatMap(Object.values).join().includes("sk-ccload")), false)
		await page.reload()
		await row(page, "laptop-2").waitFor()
		assert.equal(await page.getByText(secret).count(), 0, "the secret is shown again")
	})
})

test("the list says what each token may, has spent, and when it was used", async () => {
	await stage.visit({ hash: "#/tokens" }, async (page) => {
		await row(page, "small").waitFor()
		const use = await stage.gateway.api("GET", "token-use")
		const used = new Map(use.map((u) => [u.name, u.last_used]))
		assert.ok(Math.abs(Date.parse(used.get("small")) - Date.now()) < 120_000)
		assert.equal(used.get("gone"), undefined)
		const spent = (await stage.gateway.api("GET", "budgets")).find((b) => b.kind === "token" && b.name === "small").day
		assert.ok(spent.spent_usd > 0)
		const cell = row(page, "small").locator(".spent").first()
		assert.match(await cell.getAttribute("title"), new RegExp(`^\\$${String(spent.spent_usd).replace(".", "\\.")}0* / \\$1000`))
		await row(page, "gone").getByText("expired").waitFor()
		await row(page, "long-").getByText("disabled").waitFor()
		await row(page, "house").getByText("From the Caddyfile").waitFor({ state: "attached" })
		await axe(page, "tokens")
		await page.getByRole("link", { name: /^disabled/ }).click()
		await page.locator("tbody tr").nth(1).waitFor({ state: "detached" })
		assert.equal(await page.locator("tbody tr").count(), 1)
		await page.goBack()
		await page.getByLabel("Find a token").fill("nothing-of-this-name")
		await page.getByRole("link", { name: "Show all tokens" }).click()
		await row(page, "small").waitFor()
	})
})

test("a token is changed, refused with a way back, renewed and removed", async () => {
	await stage.visit({ hash: "#/tokens/small" }, async (page) => {
		await page.getByLabel("per day").fill("many")
		await page.getByRole("button", { name: "Save" }).click()
		await page.getByText("must be a number").waitFor()
		assert.equal((await stage.gateway.api("GET", "tokens/small")).budget.day, 1000, "what is no number removed the limit")
		await page.getByLabel("per day").fill("250")
		await page.getByLabel("per month").fill("")
		await page.keyboard.press("Enter")
		await page.getByText("small is saved").waitFor()
		const saved = await stage.gateway.api("GET", "tokens/small")
		assert.deepEqual([saved.budget, saved.rpm, saved.models], [{ day: 250 }, 600, ["claude-*"]])

		const menu = async (item) => {
			await row(page, "small").getByRole("button", { name: "More of small" }).click()
			await page.getByRole("menuitem", { name: item }).click()
		}
		await menu("Disable")
		await page.getByText("small is refused from now on").waitFor()
		assert.notEqual((await stage.gateway.call(stage.small)).status, 200)
		await page.getByRole("button", { name: "Undo" }).click()
		await row(page, "small").getByText("active").waitFor()
		assert.equal((await stage.gateway.call(stage.small)).status, 200)

		await menu("New secret")
		await axe(page, "the question")
		await page.getByRole("dialog").getByRole("button", { name: "New secret" }).click()
		await page.getByText("small is ready").waitFor()
		const secret = await page.locator(".secret .clipped").innerText()
		assert.equal((await stage.gateway.call(stage.small)).status, 401)
		assert.equal((await stage.gateway.call(secret)).status, 200)

		await menu("Remove")
		await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click()
		await row(page, "small").waitFor({ state: "detached" })
		assert.equal((await stage.gateway.call(secret)).status, 401)
		assert.equal(await page.getByText(secret).count(), 0)
	})
})

test("what the Caddyfile declares is read only, and a holder sees its own limits", async () => {
	await stage.visit({ hash: "#/tokens/house" }, async (page) => {
		await page.getByText("token house", { exact: true }).waitFor()
		assert.equal(await page.getByLabel("Name", { exact: true }).isDisabled(), true)
		assert.equal(await page.getByRole("button", { name: "Save" }).count(), 0)
	})
	await stage.visit({ hash: "#/tokens", login: stage.tokens.laptop }, async (page) => {
		await page.getByRole("heading", { name: "laptop" }).waitFor()
		await page.getByText("In total").waitFor()
		assert.equal(await page.getByRole("button", { name: "New token" }).count(), 0)
		await axe(page, "own token")
	})
})

test("the form is worked by keys alone, and keeps what was typed when the login ends", async () => {
	await stage.visit({ hash: "#/tokens" }, async (page) => {
		await row(page, "laptop").first().waitFor()
		await page.getByRole("button", { name: "New token" }).focus()
		await page.keyboard.press("Enter")
		await page.getByLabel("Name", { exact: true }).waitFor()
		await page.waitForFunction(() => document.activeElement?.tagName === "INPUT")
		await page.keyboard.type("by-keys")
		await page.context().clearCookies()
		await page.keyboard.press("Enter")
		const again = page.getByRole("dialog").getByLabel("Admin password or client token")
		await again.fill("correct horse battery")
		await page.keyboard.press("Enter")
		await page.getByText("by-keys is ready").waitFor()
	})
})

test("long lists, narrow windows, both themes and languages", async () => {
	for (const options of [{ theme: "dark", locale: "zh-CN", width: 1280 }, { width: 360, height: 740 }, { width: 768, height: 900 }]) {
		for (const hash of ["#/tokens", "#/tokens?new=ci"]) {
			await stage.visit({ hash, ...options }, async (page) => {
				await page.locator("table[aria-label] tbody tr").first().waitFor({ state: "attached" })
				await fits(page, hash + JSON.stringify(options))
				await axe(page, hash + JSON.stringify(options))
			})
		}
	}
	await stage.visit({ hash: "#/tokens" }, async (page) => {
		await page.route("**/api/tokens", async (r) => {
			const made = Array.from({ length: 4000 }, (_, i) => ({ name: `t${i}`, origin: "stored", last_four: "0000" }))
			await r.fulfill({ json: { time: new Date().toISOString(), data: made } })
		})
		await page.reload()
		await row(page, "t0").waitFor()
		assert.ok((await page.locator("tbody tr").count()) < 200, "thousands of rows are drawn")
		await page.route("**/api/tokens", (r) => r.fulfill({ status: 500, json: { time: new Date().toISOString(), error: { code: "internal", message: "the gateway failed" } } }))
		await page.reload()
		await page.getByText("This could not be loaded").waitFor()
	})
})
