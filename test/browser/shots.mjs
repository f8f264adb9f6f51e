// Takes pictures of pages, to be looked at: node shots.mjs [PAGE or PAGE.VARIANT …].
// They go to out/shots.
import { mkdirSync } from "node:fs"
import { join, dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { build, startBrowser, startGateway, startUpstream } from "./harness.mjs"
import { fill } from "./traffic.mjs"

const dir = join(dirname(fileURLToPath(import.meta.url)), "out", "shots")
mkdirSync(dir, { recursive: true })
const wanted = process.argv.slice(2)
const pages = { login: "", welcome: "", overview: "#/overview", channels: "#/channels", requests: "#/requests", costs: "#/costs", tokens: "#/tokens", playground: "#/playground", settings: "#/settings" }
const variants = [
	{ name: "light" }, { name: "dark", theme: "dark" }, { name: "zh", locale: "zh-CN" },
	{ name: "phone.light", width: 390, height: 844, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
	{ name: "phone.dark", theme: "dark", width: 390, height: 844, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
]
const binary = build()
const upstream = await startUpstream()
const full = await startGateway(binary)
const empty = await startGateway(binary)
await fill(full, upstream.url)
const browser = await startBrowser()
for (const [page, hash] of Object.entries(pages)) {
	for (const v of variants) {
		if (wanted.length > 0 && !wanted.includes(page) && !wanted.includes(`${page}.${v.name}`)) continue
		const p = await browser.open((page === "welcome" ? empty : full).ui, { hash, login: page !== "login", ...v })
		await p.waitForTimeout(900)
		await p.screenshot({ path: join(dir, `${page}.${v.name}.png`) })
		if (p.problems.length) console.log(page, v.name, p.problems)
		const wide = await p.evaluate(() => document.documentElement.scrollWidth - innerWidth)
		if (wide > 0) console.log(page, v.name, `scrolls ${wide} px to the side`)
		await p.context().close()
	}
}
await browser.close()
await full.close()
await empty.close()
await upstream.stop()
