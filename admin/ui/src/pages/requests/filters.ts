import { param } from "../../shell/router"
import { boundsOf, queryOf, range } from "../../shell/range"

/** What calls can be narrowed by, as the address names it. */
export const filterNames = ["outcome", "model", "token", "channel", "protocol", "status", "longer", "text"] as const
export type FilterName = (typeof filterNames)[number]

/** As what calls are counted; every other outcome is what went wrong. */
export const callClasses = ["ok", "failed_over", "caller", "failed"] as const

const isClass = (value: string): boolean => (callClasses as readonly string[]).includes(value)

/** Filters that bars cannot follow, because only lists of calls know them. */
const listOnly: readonly FilterName[] = ["status", "longer", "text"]

export const activeFilters = (): FilterName[] => filterNames.filter((name) => param(name) !== "")

export const barsIgnore = (): FilterName[] => activeFilters().filter((name) => listOnly.includes(name))

/** What both the list and the bars ask for. */
function common() {
	const outcome = param("outcome")
	return {
		class: isClass(outcome) ? outcome : "", outcome: isClass(outcome) ? "" : outcome,
		model: param("model"), token: param("token"), channel: param("channel"), protocol: param("protocol"),
	}
}

/** The question for a list of calls. A range that ends now is open, so that calls appear as they end. */
export function listQuery() {
	const bounds = boundsOf(range.value)
	const { since, until } = queryOf(bounds)
	return { ...common(), status: param("status"), longer: param("longer"), text: param("text"), since, until: bounds.moving ? "" : until }
}

/** The question for the bars above it. */
export const volumeQuery = () => ({ ...common(), ...queryOf(boundsOf(range.value)) })

/** Everything that a list depends on. */
export const filterDeps = (): string[] => [param("range"), ...filterNames.map((name) => param(name))]
