import { useState } from "preact/hooks"
import { Button } from "../components/button"
import { TextField } from "../components/field"
import { Popover } from "../components/menu"
import { dayTime } from "../i18n/format"
import { t, type Key } from "../i18n/text"
import { boundsOf, customRange, namedRanges, range, shortRanges, usualRange } from "./range"
import { hrefWith, setQuery } from "./router"

/** The one range picker. Pages that look at a range put it into their <Bar>. */
export function RangePicker() {
	const r = range.value
	const short = (shortRanges as readonly string[]).includes(r.name)
	return (
		<div class="range" role="group" aria-label={t("range.label")}>
			{shortRanges.map((x) => (
				<a key={x} href={hrefWith({ range: x === usualRange() ? null : x })} aria-current={r.name === x ? "true" : undefined} title={t(`range.last.${x}` as Key)}>
					{x}
				</a>
			))}
			<Popover
				label={t("range.custom")}
				class="rangepop"
				button={{ kind: "quiet", icon: "calendar", label: t("range.custom"), size: "s", class: short ? "" : "on", children: short ? undefined : <span>{rangeText()}</span> }}
			>
				{(close) => <CustomRange close={close} />}
			</Popover>
		</div>
	)
}

/** The range in words. */
export function rangeText(): string {
	const r = range.value
	if (r.name === "custom") return `${dayTime(r.since ?? 0)} – ${dayTime(r.until ?? 0)}`
	return (shortRanges as readonly string[]).includes(r.name) ? t(`range.last.${r.name}` as Key) : t(`range.${r.name}` as Key)
}

const local = (ms: number): string => {
	const d = new Date(ms)
	return new Date(ms - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function CustomRange({ close }: { close: () => void }) {
	const now = boundsOf(range.value)
	const [since, setSince] = useState(local(now.since))
	const [until, setUntil] = useState(local(now.until))
	const wrong = !(Date.parse(since) < Date.parse(until))
	return (
		<form
			class="popform"
			onSubmit={(e) => {
				e.preventDefault()
				if (wrong) return
				close()
				setQuery({ range: customRange(Date.parse(since), Date.parse(until)) })
			}}
		>
			<div class="phoneranges">
				{shortRanges.map((x) => <a key={x} class="chip" href={hrefWith({ range: x === usualRange() ? null : x })} onClick={close}>{t(`range.last.${x}` as Key)}</a>)}
			</div>
			<div class="chips">
				{namedRanges.map((x) => <a key={x} class={"chip" + (range.value.name === x ? " on" : "")} href={hrefWith({ range: x })} onClick={close}>{t(`range.${x}`)}</a>)}
			</div>
			<TextField type="datetime-local" label={t("range.from")} value={since} onInput={setSince} />
			<TextField type="datetime-local" label={t("range.to")} value={until} onInput={setUntil} error={wrong ? t("range.wrong") : undefined} />
			<Button kind="primary" submit disabled={wrong}>{t("range.apply")}</Button>
		</form>
	)
}
