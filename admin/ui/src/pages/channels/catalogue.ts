import { signal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { ask } from "../../api/client"
import type { Catalogue } from "../../api/types"

const known = signal<Catalogue | undefined>(undefined)

/** What this build knows of providers, protocols and settings; it is asked for once. */
export function useCatalogue(): Catalogue | undefined {
	useEffect(() => {
		if (!known.peek()) void ask("GET catalogue").then((c) => (known.value = c), () => undefined)
	}, [])
	return known.value
}
