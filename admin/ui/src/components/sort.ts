import { param, setQuery } from "../shell/router"

/** What a column is sorted by; undefined comes last, whichever way. */
export type SortValue = number | string | undefined

/** How a table is sorted, as the address has it: a column, with a minus for descending. */
export const sortParam = (fallback: string, name = "sort"): string => param(name) || fallback

/** Sorts by a column, or the other way round if it is sorted by it. */
export function sortBy(id: string, now: string, descendingFirst: boolean, name = "sort"): void {
	const first = descendingFirst ? "-" + id : id
	setQuery({ [name]: now === first ? (descendingFirst ? id : "-" + id) : first }, true)
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" })

export function compareValues(a: SortValue, b: SortValue, descending: boolean): number {
	if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
	const order = typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b))
	return descending ? -order : order
}
