/** Codes that the pages know of; the server may send others. */
export type Code =
	| "invalid" | "not_found" | "declared" | "name_taken" | "in_use" | "conflict" | "login_required" | "forbidden"
	| "wrong_credential" | "password_required" | "too_many_attempts" | "no_admin_password" | "too_large" | "upstream_failed" | "store_failed" | "internal"
	| "unreachable" | "odd_answer"

/** Why something was not done: what the server says, or that it could not be asked. */
export class ApiError extends Error {
	constructor(
		readonly status: number,
		readonly code: Code | (string & {}),
		message: string,
		/** The setting that is wrong, as the API names it. */
		readonly field?: string,
		/** Seconds after which it may be tried again. */
		readonly retryAfter?: number,
	) {
		super(message)
	}
}

/** What was thrown, as an ApiError; undefined if it was only given up. */
export function asProblem(e: unknown): ApiError | undefined {
	if (e instanceof ApiError) return e
	if (e instanceof DOMException && e.name === "AbortError") return undefined
	return new ApiError(0, "internal", e instanceof Error ? e.message : String(e))
}
