import { useRef, useState } from "preact/hooks"
import { addressOf, ask, askFile } from "../../api/client"
import { refreshChannels } from "../../api/live"
import { type ApiError, asProblem } from "../../api/problem"
import type { ImportChange, ImportResult } from "../../api/types"
import { Button } from "../../components/button"
import { Checkbox, errorAt, SelectField, TextField } from "../../components/field"
import { Icon } from "../../components/icon"
import { Failure } from "../../components/notice"
import { State } from "../../components/state"
import { type Column, Table } from "../../components/table"
import { toast } from "../../components/toast"
import { bytes, whole } from "../../i18n/format"
import { t, tCode } from "../../i18n/text"

/** Import with a look at the difference first, and export. */
export function Transfer() {
	return (
		<>
			<Import />
			<Export />
		</>
	)
}

/** Asks for a dry run or the import itself; with the password as a form, which has room for it. */
function send(file: File, dry: boolean, password: string): Promise<ImportResult> {
	const query = { dry_run: dry, name: file.name }
	if (!password) return ask("POST import", { query, body: file })
	const form = new FormData()
	form.set("file", file)
	form.set("password", password)
	return ask("POST import", { query, body: form })
}

const needsPassword = (e: ApiError | undefined) => e?.code === "password_required" || e?.code === "wrong_credential" || e?.code === "too_many_attempts"

function Import() {
	const [file, setFile] = useState<File | undefined>(undefined)
	const [result, setResult] = useState<ImportResult | undefined>(undefined)
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const [password, setPassword] = useState("")
	const [asksPassword, setAsks] = useState(false)
	const [busy, setBusy] = useState(false)
	const [over, setOver] = useState(false)
	const input = useRef<HTMLInputElement>(null)
	const run = async (f: File, dry: boolean) => {
		setBusy(true)
		setError(undefined)
		try {
			const got = await send(f, dry, password)
			setResult(got)
			setAsks(false)
			if (!dry) {
				refreshChannels()
				toast(t("settings.imported", { n: got.added + got.changed }))
			}
		} catch (e) {
			const problem = asProblem(e)
			setError(problem)
			if (needsPassword(problem)) setAsks(true)
			else if (dry) setResult(undefined)
		} finally {
			setBusy(false)
		}
	}
	const take = (f: File | undefined) => {
		if (!f || busy) return
		setFile(f)
		setResult(undefined)
		setAsks(false)
		setPassword("")
		void run(f, true)
	}
	const reset = () => {
		setFile(undefined)
		setResult(undefined)
		setError(undefined)
		setAsks(false)
		setPassword("")
	}
	// Things whose keys would go astray are refused one by one; with the password they are taken.
	const mayAsk = asksPassword || (result?.dry_run && (result.problems ?? []).length > 0)
	const pending = result?.dry_run && result.added + result.changed > 0
	return (
		<section class="sec">
			<header><h2>{t("settings.importHead")}</h2></header>
			<div
				class={"drop" + (over ? " over" : "")}
				onDragOver={(e) => {
					e.preventDefault()
					setOver(true)
				}}
				onDragLeave={() => setOver(false)}
				onDrop={(e) => {
					e.preventDefault()
					setOver(false)
					take(e.dataTransfer?.files[0])
				}}
			>
				<Icon name="upload" />
				<div class="clipbox">
					{file ? <b dir="auto">{file.name} <span class="t3 reg">{bytes(file.size)}</span></b> : <b>{t("settings.drop")}</b>}
					<p class="t2 small">{t("settings.dropHelp")}</p>
				</div>
				<Button class="push" busy={busy && !result} onClick={() => input.current?.click()}>{t(file ? "settings.otherFile" : "settings.chooseFile")}</Button>
				<input
					ref={input} type="file" class="sr" tabIndex={-1} aria-label={t("settings.chooseFile")} accept=".json,.csv,.db,.sqlite,.sqlite3"
					onChange={(e) => {
						take(e.currentTarget.files?.[0])
						e.currentTarget.value = ""
					}}
				/>
			</div>
			{error && !needsPassword(error) && <Failure error={error} retry={file && (() => run(file, true))} />}
			{result && <Difference result={result} />}
			{file && mayAsk && (
				<form class="setform below" onSubmit={(e) => (e.preventDefault(), void run(file, true))}>
					<TextField label={t("settings.password")} type="password" autoComplete="current-password" value={password} onInput={setPassword} help={t("settings.importPassword")} error={needsPassword(error) && error?.code !== "password_required" ? error?.message : undefined} />
					<div class="chips"><Button submit busy={busy} disabled={!password}>{t("settings.goOn")}</Button></div>
				</form>
			)}
			{file && result && (
				<div class="chips below">
					{pending && <Button kind="primary" busy={busy} onClick={() => run(file, false)}>{t("settings.apply", { n: result.added + result.changed })}</Button>}
					<Button onClick={reset}>{t(result.dry_run ? "action.cancel" : "settings.finish")}</Button>
					{result.dry_run && !pending && <span class="t2 small">{t("settings.nothingToDo")}</span>}
				</div>
			)}
		</section>
	)
}

const looks = { add: ["ready", "plus"], change: ["detour", "edit"], same: ["muted", "check"] } as const

function Difference({ result: r }: { result: ImportResult }) {
	const changes = (r.changes ?? []).filter((c) => c.action !== "same")
	const problems = r.problems ?? []
	const columns: Column<ImportChange>[] = [
		{ id: "action", head: t("settings.action"), class: "p2", cell: (c) => {
			const look = looks[c.action as keyof typeof looks] ?? looks.change
			return <State tone={look[0]} icon={look[1]}>{tCode("settings.diff", c.action)}</State>
		} },
		{ id: "kind", head: t("settings.what"), class: "t2 p4", cell: (c) => tCode("settings.kind", c.kind) },
		{ id: "name", head: t("tokens.f.name"), class: "p1", cell: (c) => <span class="name clipname" dir="auto" title={c.name}>{c.name}</span> },
		{ id: "fields", head: t("settings.fields"), class: "w100 clip t2 p3", title: (c) => (c.fields ?? []).join(", "), cell: (c) => (c.fields ?? []).join(", ") },
	]
	return (
		<div class="below">
			<div class="head">
				<h3>{t(r.dry_run ? "settings.wouldDo" : "settings.wasDone")}</h3>
				<span class="sub">
					<span>{t("settings.nAdded", { n: whole(r.added) })}</span>
					<span>{t("settings.nChanged", { n: whole(r.changed) })}</span>
					<span>{t("settings.nSame", { n: whole(r.same) })}</span>
					{problems.length > 0 && <State tone="failed" icon="failed">{t("settings.nProblems", { n: problems.length })}</State>}
				</span>
			</div>
			{problems.length > 0 && (
				<ul class="problems" tabIndex={0} aria-label={t("settings.nProblems", { n: problems.length })}>
					{problems.map((p, i) => (
						<li key={i}>
							{p.line ? <span class="t3">{t("settings.line.no", { n: p.line })} </span> : null}
							{p.message}
						</li>
					))}
				</ul>
			)}
			{(r.notes ?? []).map((n) => <p key={n} class="t2 small">{n}</p>)}
			{changes.length > 0 && <Table label={t("settings.wouldDo")} density="m" rows={changes} columns={columns} rowKey={(c) => c.kind + "/" + c.name} />}
		</div>
	)
}

function Export() {
	const [format, setFormat] = useState("json")
	const [secrets, setSecrets] = useState(false)
	const [password, setPassword] = useState("")
	const [error, setError] = useState<ApiError | undefined>(undefined)
	const [busy, setBusy] = useState(false)
	const download = async () => {
		if (busy) return
		setBusy(true)
		setError(undefined)
		try {
			const got = await askFile("POST export", { body: { format, secrets, password: secrets ? password : undefined } })
			save(got.file, got.name)
			setPassword("")
			setSecrets(false)
		} catch (e) {
			setError(asProblem(e))
		} finally {
			setBusy(false)
		}
	}
	const atPassword = errorAt(error, "password") ?? (needsPassword(error) ? error?.message : undefined)
	return (
		<section class="sec">
			<header><h2>{t("settings.exportHead")}</h2></header>
			<p class="t2 lead">{t("settings.exportHelp")}</p>
			<form class="setform" noValidate onSubmit={(e) => (e.preventDefault(), void download())}>
				{error && !atPassword && <Failure error={error} />}
				<SelectField label={t("settings.format")} value={format} onChange={setFormat} options={[{ value: "json", text: t("settings.json") }, { value: "csv", text: t("settings.csv") }]} />
				<Checkbox label={t("settings.withSecrets")} on={secrets} onChange={setSecrets} />
				{secrets && <TextField label={t("settings.password")} type="password" autoComplete="current-password" autoFocus value={password} onInput={setPassword} error={atPassword} help={t("settings.secretsHelp")} />}
				<div class="chips">
					{secrets ? (
						<Button submit icon="download" busy={busy} disabled={!password}>{t("action.export")}</Button>
					) : (
						<a class="btn" href={addressOf("GET export", { query: { format } })} download>
							<Icon name="download" />
							{t("action.export")}
						</a>
					)}
				</div>
			</form>
		</section>
	)
}

/** Hands a file to the browser. */
function save(file: Blob, name: string): void {
	const link = document.createElement("a")
	link.href = URL.createObjectURL(file)
	link.download = name
	link.click()
	setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}
