import { useEffect, useRef, useState } from "preact/hooks"
import { ask } from "../../api/client"
import { onChange, refreshChannels } from "../../api/live"
import { ApiError, asProblem } from "../../api/problem"
import type { ChannelConfig } from "../../api/types"
import { changedFields, fieldOf, FieldError, type FieldId, type Form, formOf, patchOf } from "./form"
import { confirmed } from "./password"

/** What was typed and not saved, by channel: a panel that is closed and opened again still has it. */
const drafts = new Map<string, { form: Form; base: ChannelConfig }>()

export const draftOf = (name: string) => drafts.get(name)
export const keepDraft = (name: string, form: Form, base: ChannelConfig) => void drafts.set(name, { form, base })
export const dropDraft = (name: string) => void drafts.delete(name)

export interface ChannelForm {
	form: Form
	base: ChannelConfig
	set: (id: FieldId, value: string) => void
	dirty: boolean
	error: ApiError | FieldError | undefined
	setError: (e: ApiError | FieldError | undefined) => void
	/** What is said at a field. */
	errorOf: (id: FieldId) => string | undefined
	/** Fields that somebody else has changed while they were typed here. */
	theirs: readonly FieldId[]
	/** Somebody else has changed something meanwhile; which fields. */
	others: readonly FieldId[] | undefined
	takeTheirs: () => void
	/** Sends what was changed; undefined: it was not accepted, and the form says why. */
	save: () => Promise<ChannelConfig | undefined>
}

/** The settings of a stored channel in a form. What others change meanwhile is taken over, except where something was typed. */
export function useChannelForm(config: ChannelConfig): ChannelForm {
	const kept = drafts.get(config.name)
	const [base, setBase] = useState(kept?.base ?? config)
	const [form, setForm] = useState(kept?.form ?? (() => formOf(config)))
	const [error, setError] = useState<ApiError | FieldError | undefined>(undefined)
	const [others, setOthers] = useState<readonly FieldId[] | undefined>(undefined)
	const latest = useRef({ form, base })
	latest.current = { form, base }
	const changed = changedFields(form, base)
	const dirty = changed.length > 0

	const rebase = (now: ChannelConfig) => {
		const { form: mine, base: was } = latest.current
		if (now.updated === was.updated) return
		const typed = changedFields(mine, was)
		const moved = changedFields(formOf(now), was)
		const next = formOf(now)
		for (const id of typed) next[id] = mine[id]
		setBase(now)
		setForm(next)
		latest.current = { form: next, base: now }
		if (typed.length > 0) setOthers(moved)
	}
	useEffect(() => rebase(config), [config.updated])
	useEffect(() => onChange((c) => {
		if (c.revision === undefined) return
		void ask("GET channels/{name}", { path: { name: config.name } }).then((v) => rebase(v.config), () => undefined)
	}), [config.name])
	useEffect(() => {
		if (!dirty) return undefined
		const warn = (e: BeforeUnloadEvent) => e.preventDefault()
		addEventListener("beforeunload", warn)
		return () => removeEventListener("beforeunload", warn)
	}, [dirty])

	return {
		form, base, dirty, error, setError, others,
		set: (id, value) => {
			setForm((f) => ({ ...f, [id]: value }))
			if (error && (error instanceof FieldError ? error.field : fieldOf(error.field)) === id) setError(undefined)
		},
		errorOf: (id) => errorText(error, id),
		theirs: (others ?? []).filter((id) => changed.includes(id)),
		takeTheirs: () => {
			setForm(formOf(base))
			setOthers(undefined)
			setError(undefined)
		},
		save: async () => {
			setError(undefined)
			try {
				const body = patchOf(form, base)
				const saved = await confirmed((password) => ask("PATCH channels/{name}", { path: { name: base.name }, body: { ...body, updated: base.updated, password } }))
				drafts.delete(base.name)
				setOthers(undefined)
				setBase(saved)
				setForm(formOf(saved))
				refreshChannels()
				return saved
			} catch (e) {
				if (e instanceof FieldError) {
					setError(e)
					return undefined
				}
				const problem = asProblem(e)
				if (problem?.code === "conflict") {
					const now = (await ask("GET channels/{name}", { path: { name: base.name } })).config
					rebase(now)
				} else {
					setError(problem)
				}
				return undefined
			}
		},
	}
}

export function errorText(error: ApiError | FieldError | undefined, id: FieldId): string | undefined {
	if (!error) return undefined
	if (error instanceof FieldError) return error.field === id ? error.message : undefined
	const at = fieldOf(error.field)
	return at === id ? error.message : undefined
}
