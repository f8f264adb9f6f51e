import { useMemo } from "preact/hooks"
import type { Health } from "../api/types"
import { t } from "../i18n/text"
import { Strip, type StripCell } from "./strip"

const minutes = 60

/** The last hour of a channel, a cell per minute. */
export function HourStrip({ hour, wide }: { hour: Health; wide?: boolean }) {
	const cells = useMemo(() => cellsOf(hour), [hour])
	return <Strip cells={cells} wide={wide} label={t("overview.stripLabel", { n: hour.attempts, bad: hour.attempts - hour.ok })} />
}

function cellsOf(hour: Health): (StripCell | undefined)[] {
	const cells = new Array<StripCell | undefined>(minutes).fill(undefined)
	const list = hour.minutes ?? []
	for (let i = 0; i + 3 < list.length; i += 4) {
		cells[list[i] as number] = { ok: list[i + 1] as number, limited: list[i + 2] as number, failed: list[i + 3] as number }
	}
	return cells
}
