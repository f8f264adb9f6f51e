// What tests of one page begin with: a gateway that has seen some traffic, and
// a browser whose pages must be without errors, violations and faults of access.
import assert from "node:assert/strict"
import { AxeBuilder } from "@axe-core/playwright"
import { build, startBrowser, startGateway, startUpstream } from "./harness.mjs"
import { fill } from "./traffic.mjs"

export async function setStage(options) {
	const binary = build()
	const upstream = await startUpstream()
	let gateway, tokens, chrome
	const end = async () => {
		await chrome?.close()
		await gateway?.close()
		await upstream.stop()
	}
	try {
		gateway = await startGateway(binary, options)
		tokens = await fill(gateway, upstream.url)
		chrome = await startBrowser()
	} catch (e) {
		await end() // or node would wait for what was started
		throw e
	}
	return {
		binary, upstream, gateway, tokens, chrome,
		/** Opens a page as the operator, and afterwards asserts that nothing went wrong on it. */
		async visit(options, work, ui = gateway.ui) {
			const page = await chrome.open(ui, { login: true, ...options })
			try {
				await work(page)
				assert.deepEqual(page.problems, [])
			} finally {
				await page.context().close()
			}
		},
		end,
	}
}

/**
 * Looks for faults of access. In the dark only colours differ, so that only they
 * are looked at there: every screen is seen in the light as well.
 */
export async function axe(page, where) {
	const builder = new AxeBuilder({ page }).setLegacyMode()
	const dark = await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches && document.documentElement.dataset.theme !== "light")
	if (dark) builder.withRules(["color-contrast", "link-in-text-block"])
	else builder.withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"])
	const found = await builder.analyze()
	assert.deepEqual(found.violations.map((v) => `${where}: ${v.id} ${v.nodes.slice(0, 6).map((n) => n.target + " " + n.html.slice(0, 160)).join(" | ")}`), [])
}

/** Nothing is wider than the window. */
export async function fits(page, where) {
	assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${where} scrolls to the side`)
}
