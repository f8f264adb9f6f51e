import { signal } from "@preact/signals"

// The clock of this machine may be wrong by hours. What the server says of time
// counts, less the clock's own error.

let offset: number | undefined

/** Learns how far the server's clock is from ours, from the time of an answer. */
export function learnTime(text: string): void {
	const server = Date.parse(text)
	if (Number.isNaN(server)) return
	const is = server - Date.now()
	// An answer that took longer than others says less: the largest offset is the
	// nearest to the truth. A clock that was set is taken over.
	if (offset === undefined || is > offset || offset - is > 5000) offset = is
}

/** This moment by the server's clock, in milliseconds. */
export const serverNow = (): number => Date.now() + (offset ?? 0)

/** This second by the server's clock; what reads it is drawn anew each second. */
export const second = signal(Math.floor(serverNow() / 1000) * 1000)

setInterval(() => {
	if (!document.hidden) second.value = Math.floor(serverNow() / 1000) * 1000
}, 1000)
document.addEventListener("visibilitychange", () => {
	second.value = Math.floor(serverNow() / 1000) * 1000
})
