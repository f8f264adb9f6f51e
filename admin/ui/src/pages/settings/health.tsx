import type { ComponentChildren } from "preact"
import { ask } from "../../api/client"
import { liveMetrics } from "../../api/live"
import { useResource } from "../../api/resource"
import { Loaded } from "../../components/notice"
import { State } from "../../components/state"
import { full, short, whole } from "../../i18n/format"
import { t } from "../../i18n/text"
import { href, hrefWith } from "../../shell/router"
import { day, GiB, inUnit, nanoseconds, SourceMark } from "./source"

const everySeconds = 10_000

/** How the gateway itself is: what is written, what waits, and how long it is kept. */
export function Health() {
	const status = useResource((stop) => ask("GET status", { signal: stop }), [], everySeconds)
	const settings = useResource((stop) => ask("GET settings", { signal: stop }), [])
	const catalogue = useResource((stop) => ask("GET catalogue", { signal: stop }), [])
	return (
		<section class="sec">
			<header>
				<h2>{t("settings.health")}</h2>
				<span class="sub">{catalogue.data.value?.version && `ccload ${catalogue.data.value.version}`}</span>
			</header>
			<Loaded of={status}>
				{(s) => {
					const journal = liveMetrics.value?.journal ?? s.journal
					const store = s.store
					const kept = settings.data.value
					const age = nanoseconds(kept?.retention?.age) ?? nanoseconds(kept?.defaults.retention?.age)
					const size = kept?.retention?.bytes ?? kept?.defaults.retention?.bytes
					return (
						<dl class="setlist">
							<Row name={t("settings.store")} note={t("settings.storeHelp")}>
								{store.state === "refused" ? (
									<State tone="failed" icon="failed">{t("settings.storeRefused")}</State>
								) : store.state === "away" ? (
									<State tone="resting" icon="resting">{t("settings.storeAway")}</State>
								) : store.state === "opening" ? (
									<State tone="probing" icon="probing">{t("settings.storeOpening")}</State>
								) : journal.lost > 0 ? (
									<State tone="failed" icon="failed">{t("settings.lostSome", { n: journal.lost })}</State>
								) : journal.spooled > 0 ? (
									<State tone="resting" icon="resting">{t("settings.onDisk", { n: journal.spooled })}</State>
								) : (
									<State tone="ready" icon="ready">{t("settings.keepsUp")}</State>
								)}
							</Row>
							{store.error && (
								<Row name={t("settings.storeError")} note={store.stored_known ? undefined : t("settings.storedUnknown")}>
									<span class="small">{store.error}</span>
								</Row>
							)}
							{!store.spending_known && (
								<Row name={t("settings.spendingUnknown")}>{t("settings.spendingUnknownHelp")}</Row>
							)}
							<Row name={t("settings.written")} title={full(journal.written)}>{short(journal.written)}</Row>
							<Row name={t("settings.waiting")}>{whole(journal.depth)}</Row>
							<Row name={t("settings.spooled")} note={t("settings.spooledHelp")}>{whole(journal.spooled)}</Row>
							<Row name={t("settings.lost")}>{whole(journal.lost)}</Row>
							<Row name={t("settings.inFlight")}>{whole(liveMetrics.value?.in_flight ?? s.in_flight)}</Row>
							<Row name={t("nav.channels")}>
								<a class="link" href={href("channels")}>{whole(s.channels)}</a>
							</Row>
							<Row name={t("settings.resting")}>{whole(s.cooling)}</Row>
							<Row name={t("nav.tokens")}><a class="link" href={href("tokens")}>{whole(s.tokens)}</a></Row>
							{kept && (
								<Row name={t("settings.keptFor")}>
									{age === 0 ? t("settings.forever") : t("time.days", { n: Number(inUnit(age, day)) })}
									{size ? <span> {t("settings.upTo", { size: inUnit(size, GiB) + " GiB" })}</span> : null}
									<span class="t3 small"> <SourceMark source={(kept.declared ?? []).includes("retention") ? "declared" : kept.retention ? "stored" : "default"} /></span>
									{" "}<a class="link small" href={hrefWith({ tab: "log" })}>{t("settings.change")}</a>
								</Row>
							)}
						</dl>
					)
				}}
			</Loaded>
		</section>
	)
}

export function Row({ name, note, title, children }: { name: ComponentChildren; note?: ComponentChildren; title?: string; children: ComponentChildren }) {
	return (
		<div>
			<dt>
				{name}
				{note && <span class="help">{note}</span>}
			</dt>
			<dd title={title}>{children}</dd>
		</div>
	)
}
