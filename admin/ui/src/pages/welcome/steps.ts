import { ask } from "../../api/client"
import { channelStates, refreshChannels } from "../../api/live"
import { ApiError } from "../../api/problem"
import type { TestAnswer } from "../../api/types"
import { modelFor, nameFor } from "../../components/guess"

/** What is known of the channel that is being added. */
export interface Plan {
	provider: string | undefined
	address: string
	keys: readonly string[]
	/** Models of the preset, if it is one. */
	preset: readonly string[]
}

export type StepId = "fetch" | "answer" | "token"

export interface Step {
	state: "waiting" | "running" | "done" | "failed"
	ms?: number
}

export interface Progress {
	steps: Record<StepId, Step>
	name?: string
	models?: readonly string[]
	/** It lists no models, or could not be asked. */
	notListed?: boolean
	model?: string
	answer?: TestAnswer
	error?: ApiError
	secret?: string
	token?: string
}

export const begin = (): Progress => ({ steps: { fetch: { state: "waiting" }, answer: { state: "waiting" }, token: { state: "waiting" } } })

/** Fetches models, makes the channel, asks it for a short answer, makes a token; tells of each step. What does not answer is not left behind, unless anyway. */
export async function add(plan: Plan, anyway: boolean, tell: (p: Progress) => void): Promise<void> {
	const p = begin()
	const step = async <T>(id: StepId, work: () => Promise<T>): Promise<T> => {
		const start = performance.now()
		p.steps[id] = { state: "running" }
		tell({ ...p })
		try {
			const got = await work()
			p.steps[id] = { state: "done", ms: performance.now() - start }
			return got
		} catch (e) {
			p.steps[id] = { state: "failed", ms: performance.now() - start }
			throw e
		} finally {
			tell({ ...p })
		}
	}
	const channel = {
		provider: plan.provider, urls: plan.address ? [{ url: plan.address }] : undefined,
		keys: plan.keys.map((key) => ({ key })),
	}
	try {
		p.models = await step("fetch", () => models(channel, anyway))
		p.notListed = p.models.length === 0
		p.name = nameFor(plan.provider, plan.address, (channelStates.peek() ?? []).map((c) => c.name))
		p.model = modelFor(p.models) ?? modelFor(plan.preset)
		// A preset knows its models; of any other address only those are served that it lists.
		const served = plan.provider || p.models.length === 0 ? undefined : [...p.models]
		const name = p.name
		await ask("POST channels", { body: { ...channel, name, models: served } })
		if (p.model) {
			const model = p.model
			try {
				await step("answer", async () => {
					p.answer = (await ask("POST channels/{name}/test", { path: { name }, body: { channel: name, models: [model] } }))?.[0]
					if (!p.answer?.ok && !anyway) throw new ApiError(0, p.answer?.outcome ?? "internal", p.answer?.message ?? "")
				})
			} catch (e) {
				await ask("DELETE channels/{name}", { path: { name } })
				throw e
			}
		} else {
			p.steps.answer = { state: "done" }
		}
		await step("token", async () => {
			const made = await makeToken()
			p.secret = made.secret
			p.token = made.name
		})
	} catch (e) {
		if (!(e instanceof ApiError)) throw e
		p.error = e
	} finally {
		refreshChannels()
		tell({ ...p })
	}
}

async function models(channel: object, anyway: boolean): Promise<string[]> {
	try {
		return (await ask("POST models/fetch", { body: channel })).models ?? []
	} catch (e) {
		if (anyway && e instanceof ApiError && e.code === "upstream_failed") return []
		throw e
	}
}

async function makeToken() {
	for (let n = 1; ; n++) {
		try {
			return await ask("POST tokens", { body: { name: n === 1 ? "first-client" : `first-client-${n}` } })
		} catch (e) {
			if (!(e instanceof ApiError) || e.code !== "name_taken" || n > 20) throw e
		}
	}
}
