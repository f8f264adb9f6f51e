// The playground: calls through the gateway, as the operator or as a token, and the
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
		await send(page, "How are you?")
		const detail = page.getByRole("link", { name: "Detail" })
		await detail.waitFor()
		assert.ok((await page.locator(".answer").innerText()).length > 3)
		const recordOf = async (link) => stage.gateway.api("GET", "calls/" + (await link.getAttribute("href")).split("/").pop().split("?")[0])
		const record = await recordOf(detail)
		assert.deepEqual([record.token, record.playground], ["", true])
		assert.equal(await page.locator(".tl .row:not(.axis)").count(), record.attempts.length)
		await axe(page, "an answer")
		await page.getByLabel("As", { exact: true }).selectOption("ci")
		await page.getByLabel("Channel").selectOption("claude-main")
		await page.getByText("Calls run as those of ci").waitFor()
		await send(page, "And now?")
		const second = page.locator(".turn").nth(1).getByRole("link", { name: "Detail" })
		await second.waitFor()
		const again = await recordOf(second)
		assert.deepEqual([again.token, again.playground, again.attempts.map((a) => a.target.channel)], ["ci", true, ["claude-main"]])
		assert.match(page.url(), /token=ci/)
	})
})

test("two models side by side, one of which nobody serves", async () => {
	await stage.visit({ hash: "#/playground?compare=true&model=claude-haiku-4-5&other=llama-9&protocol=anthropic", theme: "dark" }, async (page) => {
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
