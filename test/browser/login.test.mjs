// The link that logs an operator in once.
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { after, before, test } from "node:test"
import { build, startBrowser, startGateway } from "./harness.mjs"

let binary, gateway, chrome

before(async () => {
	binary = build()
	gateway = await startGateway(binary, { caddyAdmin: true })
	chrome = await startBrowser()
})

after(async () => {
	await chrome?.close()
	await gateway?.close()
})

/** What `caddy ccload login` prints first: the link. */
const link = () => execFileSync(binary, ["ccload", "login", "--address", gateway.caddyAdmin], { encoding: "utf8" }).split("\n")[0].trim()

/** Opens an address in a context of its own. */
async function visit(address, work) {
	const page = await chrome.open(address)
	try {
		await work(page)
		assert.deepEqual(page.problems, [])
	} finally {
		await page.context().close()
	}
}

const refused = async (page) => {
	await page.locator("input[type=password]").first().waitFor()
	await page.getByText("This link has been used, or is older than ten minutes. caddy ccload login makes another.").first().waitFor()
	assert.equal((await (await page.context().request.get(gateway.ui + "api/session")).json()).data.role, "", "a refused link has logged somebody in")
}

test("the link of caddy ccload login logs in once, and not again", async () => {
	const address = link()
	assert.ok(address.startsWith(gateway.ui + "#/login/"), address)
	await visit(address, async (page) => {
		await page.getByRole("navigation").first().waitFor()
		await page.waitForFunction(() => !location.hash.includes("login"))
		assert.equal((await (await page.context().request.get(gateway.ui + "api/session")).json()).data.role, "operator")
		await page.reload()
		await page.getByRole("navigation").first().waitFor()
	})
	await visit(address, refused)
})

// What has expired is refused in the same way: see TestLoginCodes, whose clock is made up.
test("a link that gave way to newer ones, or was made up, is refused", async () => {
	const oldest = link()
	for (let i = 0; i < 32; i++) {
		const a = await fetch(`http://${gateway.caddyAdmin}/ccload/login`, { method: "POST", headers: { Origin: `http://${gateway.caddyAdmin}` } })
		assert.equal(a.status, 200)
	}
	await visit(oldest, refused)
	await visit(gateway.ui + "#/login/" + "x".repeat(32), refused)
})
