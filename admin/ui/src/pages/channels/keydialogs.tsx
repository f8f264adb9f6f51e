import { useState } from "preact/hooks"
import { ApiError, asProblem } from "../../api/problem"
import { Button } from "../../components/button"
import { Dialog } from "../../components/dialog"
import { Checkbox, TextField } from "../../components/field"
import { keysOf } from "../../components/guess"
import { Failure } from "../../components/notice"
import { Icon } from "../../components/icon"
import { problemText } from "../../components/problemtext"
import { toast } from "../../components/toast"
import { duration } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"
import type { Row } from "./data"
import type { KeyRow } from "./keyrows"
import { changeKeys, testKey, testModelOf } from "./keys"
import { keyName } from "./resting"

/** Adds keys; those that stand there twice or are known already are left out. */
export function PasteDialog({ row, onClose, onAdded }: { row: Row; onClose: () => void; onAdded: (ids: string[], test: boolean) => void }) {
	const [text, setText] = useState("")
	const [note, setNote] = useState("")
	const [test, setTest] = useState(true)
	const [busy, setBusy] = useState(false)
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const keys = keysOf(text)
	const doubles = text.split(/[\s,]+/).filter(Boolean).length - keys.length
	const save = async () => {
		if (busy || keys.length === 0) return
		setBusy(true)
		try {
			const done = await changeKeys(row.name, { add: keys.map((key) => ({ key, note: note || undefined })) })
			toast(t("ch.keysAdded", { n: done.added?.length ?? 0, doubles: done.doubles + doubles }))
			onAdded(done.added ?? [], test)
			onClose()
		} catch (e) {
			setError(asProblem(e))
		} finally {
			setBusy(false)
		}
	}
	return (
		<Dialog
			title={t("ch.pasteKeys")}
			onClose={onClose}
			footer={
				<>
					<Button onClick={onClose}>{t("action.cancel")}</Button>
					<Button kind="primary" busy={busy} disabled={keys.length === 0} onClick={save}>{keys.length > 0 ? t("ch.addN", { n: keys.length }) : t("action.add")}</Button>
				</>
			}
		>
			<TextField
				label={t("chf.keys")} mono rows={8} autoFocus value={text} onInput={(v) => (setText(v), setError(undefined))} placeholder={t("ch.addKeysPlaceholder")} error={error && problemText(error)}
				help={keys.length > 0 ? t("ch.keysFoundDoubles", { n: keys.length, doubles }) : t("ch.pasteHelp")}
			/>
			<TextField label={t("ch.note")} value={note} onInput={setNote} hint={t("ch.optional")} />
			<Checkbox label={t("ch.testAtOnce")} on={test} onChange={setTest} />
		</Dialog>
	)
}

/** What a key is for, in one's own words. */
export function NoteDialog({ row, of: k, onClose }: { row: Row; of: KeyRow; onClose: () => void }) {
	const [note, setNote] = useState(k.config.note ?? "")
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const save = async () => {
		try {
			await changeKeys(row.name, { notes: { [k.id]: note } })
			onClose()
		} catch (e) {
			setError(asProblem(e))
		}
	}
	return (
		<Dialog title={t("ch.noteOf", { name: keyName(k.config.last_four, k.id) })} onClose={onClose} footer={<><Button onClick={onClose}>{t("action.cancel")}</Button><Button kind="primary" onClick={save}>{t("action.save")}</Button></>}>
			<TextField label={t("ch.note")} autoFocus value={note} onInput={setNote} error={error && problemText(error)} />
		</Dialog>
	)
}

type Step = "idle" | "running" | "done" | "failed"

/** Replaces a key: the new one is added and tested; if it answers, the old one takes no call any more and goes. */
export function RotateDialog({ row, old, onClose }: { row: Row; old: KeyRow; onClose: () => void }) {
	const [text, setText] = useState("")
	const [steps, setSteps] = useState<{ add: Step; test: Step; swap: Step }>({ add: "idle", test: "idle", swap: "idle" })
	const [said, setSaid] = useState("")
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const name = keyName(old.config.last_four, old.id)
	const key = keysOf(text)[0]
	const run = async (anyway: boolean) => {
		if (busy || !key) return
		setBusy(true)
		setError(undefined)
		setSaid("")
		let added: string | undefined
		let at: "add" | "test" | "swap" = "add"
		const step = (to: Step) => setSteps((s) => ({ ...s, [at]: to }))
		setSteps({ add: "running", test: "idle", swap: "idle" })
		try {
			const done = await changeKeys(row.name, { add: [{ key, note: old.config.note }] })
			added = done.added?.[0]
			if (!added) throw new ApiError(0, "invalid", t("ch.rotateSame"))
			step("done")
			at = "test"
			step("running")
			const answer = await testKey(row, added, await testModelOf(row))
			setSaid(answer.ok ? t("ch.answersAfter", { time: duration(answer.first_content_ns ?? answer.duration_ns) }) : `${tCode("kind", answer.outcome)}${answer.message ? ": " + answer.message : ""}`)
			if (!answer.ok && !anyway) {
				step("failed")
				await changeKeys(row.name, { remove: [added] })
				return
			}
			step(answer.ok ? "done" : "failed")
			at = "swap"
			step("running")
			await changeKeys(row.name, { remove: [old.id] })
			step("done")
			toast(t("ch.rotated", { name }))
			onClose()
		} catch (e) {
			step("failed")
			if (added && at !== "add") await changeKeys(row.name, { remove: [added] }).catch(() => undefined)
			setError(asProblem(e))
		} finally {
			setBusy(false)
		}
	}
	const failed = steps.test === "failed" && !busy
	return (
		<Dialog
			title={t("ch.rotateTitle", { name })}
			onClose={onClose}
			noClose={busy}
			footer={
				<>
					<Button disabled={busy} onClick={onClose}>{t("action.cancel")}</Button>
					{failed && <Button busy={busy} onClick={() => run(true)}>{t("ch.rotateAnyway")}</Button>}
					<Button kind="primary" busy={busy} disabled={!key} onClick={() => run(false)}>{t("ch.rotate")}</Button>
				</>
			}
		>
			<TextField label={t("ch.newKey")} type="password" mono autoFocus value={text} onInput={setText} autoComplete="off" help={t("ch.rotateHelp")} />
			{steps.add !== "idle" && (
				<ol class="steps">
					{(["add", "test", "swap"] as const).map((id) => (
						<li key={id} class={steps[id]}>
							<Icon name={steps[id] === "done" ? "ready" : steps[id] === "failed" ? "failed" : steps[id] === "running" ? "probing" : "resting"} small class={steps[id] === "done" ? "okicon" : steps[id] === "failed" ? "badicon" : ""} />
							<span>{t(`ch.rotate.${id}`)}{id === "test" && said && <span class="t2 small"> {said}</span>}</span>
						</li>
					))}
				</ol>
			)}
			{failed && <p class="small t2">{t("ch.rotateFailed")}</p>}
			{error && <Failure error={error} />}
		</Dialog>
	)
}
