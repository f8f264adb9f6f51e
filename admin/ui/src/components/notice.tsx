import type { ComponentChildren } from "preact"
import type { ApiError } from "../api/problem"
import type { Resource } from "../api/resource"
import { t } from "../i18n/text"
import { Button } from "./button"
import { Icon } from "./icon"
import type { IconName } from "./icons"
import { problemText } from "./problemtext"

/** Nothing is there: says why, and what to do next. */
export function Empty({ title, children, action }: { title: string; children?: ComponentChildren; action?: ComponentChildren }) {
	return (
		<div class="empty">
			<p class="emptyhead">{title}</p>
			{children && <p>{children}</p>}
			{action}
		</div>
	)
}

/** Something could not be shown; offers to try again. */
export function Failure({ error, retry }: { error: ApiError; retry?: () => unknown }) {
	return (
		<div class="note failed" role="alert">
			<Icon name="failed" />
			<div>
				<b>{t("problem.title")}</b>
				<p class="t2">{problemText(error)}</p>
			</div>
			{retry && <Button size="s" class="push" onClick={retry}>{t("action.retry")}</Button>}
		</div>
	)
}

/** A remark with an icon: of one of the states. */
export function Note({ state, icon, children }: { state?: "ready" | "resting" | "failed"; icon: IconName; children: ComponentChildren }) {
	return (
		<div class={"note" + (state ? " " + state : "")}>
			<Icon name={icon} />
			<div>{children}</div>
		</div>
	)
}

/** What a resource holds; while there is nothing, that it is being asked for or why it failed. Old data stay visible below the reason. */
export function Loaded<T>({ of, children }: { of: Resource<T>; children: (data: T) => ComponentChildren }) {
	const data = of.data.value
	const error = of.error.value
	return (
		<>
			{error && <Failure error={error} retry={of.reload} />}
			{data !== undefined ? children(data) : !error && <div class="waiting" role="status">{t("state.loading")}</div>}
		</>
	)
}
