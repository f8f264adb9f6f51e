// Starts the gateway's real binary with a made-up provider behind it, and a
// browser that notes whatever goes wrong.
import { execFileSync, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, "..", "..")
const out = join(here, "out")
export const password = "correct horse battery"

/** The browser: CHROMIUM names one, else the distribution's. */
export function chromiumPath() {
	const found = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((p) => p && existsSync(p))
	if (!found) throw new Error("there is no Chromium: install it, or name one in CHROMIUM")
	return found
}

/**
 * Builds what is tested; CCLOAD_BINARY names a gateway that is built already.
 * Several files of tests may build at once, so a binary takes its place whole.
 */
export function build() {
	mkdirSync(out, { recursive: true })
	const go = (name, pkg) => {
		const fresh = join(out, `${name}.${process.pid}`)
		execFileSync("go", ["build", "-o", fresh, pkg], { cwd: root, stdio: "inherit" })
		renameSync(fresh, join(out, name))
		return join(out, name)
	}
	go("upstream", "./test/browser/upstream")
	return process.env.CCLOAD_BINARY ?? go("caddy", "./cmd/caddy")
}

function freePort() {
	const from = Number(process.env.CCLOAD_TEST_PORT ?? 0)
	return new Promise((done, fail) => {
		const s = createServer()
		s.on("error", () => (from ? (process.env.CCLOAD_TEST_PORT = String(from + 1), freePort().then(done, fail)) : fail()))
		s.listen(from, "127.0.0.1", () => {
			const { port } = s.address()
			if (from) process.env.CCLOAD_TEST_PORT = String(from + 1)
			s.close(() => done(port))
		})
	})
}

const ended = (p) => new Promise((done) => (p.exitCode !== null || p.signalCode !== null ? done() : p.once("exit", done)))

/** Starts the provider; url is where it answers. */
export async function startUpstream() {
	const p = spawn(join(out, "upstream"), { stdio: ["pipe", "pipe", "inherit"] })
	const url = await new Promise((done, fail) => {
		p.stdout.once("data", (d) => done(String(d).trim()))
		p.once("exit", () => fail(new Error("the provider did not start")))
	})
	return {
		url,
		counts: async () => (await fetch(url + "/counts")).json(),
		stop: () => (p.stdin.end(), ended(p)),
	}
}

/**
 * Starts a gateway. declared: lines for the ccload options. prefix: where the
 * dashboard is. site: the lines of the site, if they are not the usual ones.
 * caddyAdmin: with Caddy's own admin endpoint, at gateway.caddyAdmin.
 */
export async function startGateway(binary, { declared = "", prefix = "/ccload", site, caddyAdmin } = {}) {
	const dir = mkdtempSync(join(tmpdir(), "ccload-ui-"))
	const port = await freePort()
	const config = join(dir, "Caddyfile")
	const admin = caddyAdmin ? `127.0.0.1:${await freePort()}` : "off"
	writeFileSync(config, `{
	admin ${admin}
	auto_https off
	persist_config off
	storage file_system ${dir}/caddy
	log {
		level ERROR
	}
	ccload {
		store sqlite ${dir}/ccload.db
		admin_password "${password}"
		${declared}
	}
}
http://127.0.0.1:${port} {
	${site ?? `ccload_admin ${prefix}/*\n\tccload`}
}
`)
	let p, login
	const base = `http://127.0.0.1:${port}`
	const start = async () => {
		p = spawn(binary, ["run", "--config", config], { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, HOME: dir, XDG_DATA_HOME: dir } })
		for (let i = 0; ; i++) {
			try {
				login = await logIn(`${base}${prefix}/`) // it answers before its store is open
				return
			} catch (e) {
				if (p.exitCode !== null || i > 400) throw e
				await new Promise((r) => setTimeout(r, 50))
			}
		}
	}
	const stop = async () => {
		p.kill("SIGTERM")
		await ended(p)
	}
	await start()
	const gateway = {
		base, dir, caddyAdmin: admin, ui: base + prefix + "/", start, stop,
		close: async () => {
			await stop()
			rmSync(dir, { recursive: true, force: true })
		},
		/** Asks the API as the operator. */
		async api(method, path, body) {
			const a = await fetch(gateway.ui + "api/" + path, {
				method, headers: { Authorization: "Bearer " + login, "Content-Type": method === "PATCH" ? "application/merge-patch+json" : "application/json" },
				body: body === undefined ? undefined : JSON.stringify(body),
			})
			const said = await a.json()
			if (said.error) throw new Error(`${method} ${path}: ${said.error.message}`)
			return said.data
		},
		/** Sends a call as a client does. */
		call: (token, model = "claude-sonnet-4-6", stream = false) =>
			fetch(base + "/v1/messages", {
				method: "POST", headers: { "x-api-key": token, "Content-Type": "application/json", "anthropic-version": "2023-06-01" },
				body: JSON.stringify({ model, max_tokens: 100, stream, messages: [{ role: "user", content: "Hello" }] }),
			}).then(async (r) => ({ status: r.status, text: await r.text() })),
		/** Makes a call of the playground; what came of an answer that was cut is its text. */
		async play(question) {
			const a = await fetch(gateway.ui + "api/playground", { method: "POST", headers: { Authorization: "Bearer " + login, "Content-Type": "application/json" }, body: JSON.stringify(question) })
			let text = ""
			try {
				for await (const part of a.body.pipeThrough(new TextDecoderStream())) text += part
			} catch {
				// It was cut.
			}
			return { id: a.headers.get("X-Ccload-Request-Id"), status: a.status, text }
		},
	}
	return gateway
}

async function logIn(ui) {
	const a = await fetch(ui + "api/login", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ password }) })
	if (!a.ok) throw new Error(`logging in: ${a.status} ${await a.text()}`)
	const cookie = a.headers.get("set-cookie") ?? ""
	return cookie.slice(cookie.indexOf("=") + 1, cookie.indexOf(";"))
}

/** A browser. Each page of open() notes errors and violations in page.problems. */
export async function startBrowser() {
	const browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox", "--disable-dev-shm-usage"] })
	return {
		browser,
		close: () => browser.close(),
		/** Opens an address in a context of its own. login: as the operator (true), or with a client token. */
		async open(ui, { hash = "", login, width = 1440, height = 900, theme = "light", locale = "en-GB", ...more } = {}) {
			const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale, timezoneId: "Europe/Berlin", ...more })
			const page = await context.newPage()
			page.problems = []
			page.on("pageerror", (e) => page.problems.push(String(e)))
			page.on("console", (m) => {
				if (m.type() === "error" && !/status of [45]\d\d|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(m.text())) page.problems.push(m.text())
			})
			await page.addInitScript(() => {
				addEventListener("securitypolicyviolation", (e) => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`))
			})
			if (login) {
				await context.request.post(ui + "api/login", { data: login === true ? { password } : { token: login } })
			}
			await page.goto(ui + hash)
			return page
		},
	}
}
