import type { SettingsConfig } from "../../api/types"
import { Icon } from "../../components/icon"
import { t } from "../../i18n/text"

export type Source = "default" | "declared" | "stored"

/** Where the value in force comes from. */
export function sourceOf(s: SettingsConfig, block: "retention" | "capture", value: unknown): Source {
	if ((s.declared ?? []).includes(block)) return "declared"
	return value === undefined || value === null || value === 0 || value === false ? "default" : "stored"
}

export function SourceMark({ source }: { source: Source }) {
	return (
		<>
			{source === "declared" && <Icon name="file" small />} {t(`settings.from.${source}`)}
		</>
	)
}

// Lengths of time come as nanoseconds or as a text such as 30m; sizes as bytes.

const units: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12, d: 8.64e13 }

export function nanoseconds(value: number | string | null | undefined): number | undefined {
	if (value === null || value === undefined) return undefined
	if (typeof value === "number") return value
	let sum = 0
	for (const [, n, unit] of value.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h|d)/g)) sum += Number(n) * (units[unit as string] as number)
	return sum
}

/** A value in its unit, as it is typed; "" for none. */
export const inUnit = (value: number | undefined, unit: number): string => (value === undefined ? "" : String(Number((value / unit).toPrecision(9))))

/** The typed number of units; null for none. What is no number goes to the server as it is, which refuses it. */
export function fromUnit(typed: string, unit: number): number | null {
	const text = typed.trim()
	if (text === "") return null
	const n = Number(text)
	return Number.isFinite(n) ? Math.round(n * unit) : (text as unknown as number)
}

export const day = 8.64e13
export const minute = 6e10
export const KiB = 1024
export const MiB = 1024 ** 2
export const GiB = 1024 ** 3
