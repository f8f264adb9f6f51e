// The playground: calls through the gateway with a token in memory, and the
// table of a channel's models.
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { axe, fits, setStage } from "./stage.mjs"

let stage
before(async () => {
	stage = await setStage()
})
after(() => stage?.end())

const send = async (page, text) => {
	await page.locator(".composer textarea").fill(text)
	await page.keyboard.press("Enter")
}

test("a question goes through the gateway, and beneath the answer stands what happened", async () => {
	await stage.visit({ hash: "#/playground?model=claude-sonnet-4-6" }, async (page) => {
		await axe(page, "the gate")
		await page.getByLabel("Or paste a client token").fill("not-a-token-of-this-gateway")
		await page.getByRole("button", { name: "Use it" }).click()
		await page.getByText("does not take this token").waitFor()
		await page.getByRole("button", { name: /Make a token/ }).click()
		await send(page, "How are you?")
		const detail = page.getByRole("link", { name: "Detail" })
		await detail.waitFor()
		assert.ok((await page.locator(".answer").innerText()).length > 3)
		const id = (await detail.getAttribute("href")).split("/").pop().split("?")[0]
		const record = await stage.gateway.api("GET", "calls/" + id)
		assert.match(record.token, /^playground-/)
		assert.equal(await page.locator(".tl .row:not(.axis)").count(), record.attempts.length)
		await axe(page, "an answer")
		await send(page, "And now?")
		await page.locator(".turn").nth(1).getByRole("link", { name: "Detail" }).waitFor()
		const made = await stage.gateway.api("GET", "tokens/" + record.token)
		assert.deepEqual([made.budget, made.expires], [{ total: 1 }, new Date().toISOString().slice(0, 10)])
		assert.equal(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]).includes("sk-ccload")), false)
	})
})

test("two models side by side, one of which nobody serves", async () => {
	await stage.visit({ hash: "#/playground?compare=true&model=claude-haiku-4-5&other=llama-9&protocol=anthropic", theme: "dark" }, async (page) => {
		await page.getByLabel("Or paste a client token").fill(stage.tokens.ci)
		await page.keyboard.press("Enter")
		await send(page, "Hello")
		await page.locator(".side").nth(0).getByRole("link", { name: "Detail" }).waitFor()
		await page.locator(".side").nth(1).getByText("no channel of this gateway serves the model").waitFor()
		await axe(page, "two models")
		await fits(page, "two models")
	})
})

test("an answer is stopped, and what came stays", async () => {
	await stage.visit({ hash: "#/playground?model=slow-1" }, async (page) => {
		await stage.gateway.api("POST", "channels", { name: "slow", urls: [{ url: stage.upstream.url }], allow_private_addresses: true, protocols: ["openai"], models: ["slow-1"], keys: [{ key: "mk-n400-g100-u77" }] })
		await page.getByLabel("Or paste a client token").fill(stage.tokens.ci)
		await page.keyboard.press("Enter")
		await send(page, "Count")
		await page.locator(".answer", { hasText: "w00003" }).waitFor()
		await page.getByRole("button", { name: "Stop" }).click()
		await page.getByText("stopped here").waitFor()
		assert.match(await page.locator(".answer").innerText(), /w00003/)
	})
})

test("every model of a channel is tested", async () => {
	await stage.visit({ hash: "#/playground?tab=models&channel=claude-main" }, async (page) => {
		await page.getByRole("button", { name: "Test all models" }).click()
		await page.getByText("5 of 5").waitFor()
		await page.getByText("5 of 5, 5 ok").waitFor()
		await axe(page, "the table of models")
	})
	for (const hash of ["#/playground", "#/playground?tab=models"]) {
		await stage.visit({ hash, width: 360, height: 740, locale: "zh-CN" }, async (page) => {
			await page.locator(".tabs").waitFor()
			await fits(page, hash)
			await axe(page, hash)
		})
	}
})

test("where no gateway stands at the site's root, the page says so", async () => {
	await stage.visit({ hash: "#/playground" }, async (page) => {
		await page.route("**/v1/models", (r) => r.fulfill({ status: 404, body: "nothing here" }))
		await page.getByLabel("Or paste a client token").fill(stage.tokens.ci)
		await page.keyboard.press("Enter")
		await page.getByText("No gateway answers at").waitFor()
	})
})
