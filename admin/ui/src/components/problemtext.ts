import type { ApiError } from "../api/problem"
import { t, tCode } from "../i18n/text"

/** What went wrong, in the viewer's language; the server's own words where they say more. */
export function problemText(p: ApiError): string {
	if (p.code === "unreachable") return t("problem.unreachable")
	if (p.code === "too_many_attempts" && p.retryAfter) return t("problem.throttled", { n: p.retryAfter })
	const known = tCode("problem", p.code)
	return p.message ? (p.code === "invalid" ? p.message : `${known}: ${p.message}`) : known
}
