import { ask } from "../../api/client"
import { useResource } from "../../api/resource"
import type { CatalogueModule } from "../../api/types"
import { Loaded } from "../../components/notice"
import { Badge } from "../../components/state"
import { t } from "../../i18n/text"
import { Row } from "./health"

/** What this build is, and what it knows. */
export function About() {
	const catalogue = useResource((stop) => ask("GET catalogue", { signal: stop }), [])
	return (
		<section class="sec">
			<header><h2>{t("settings.about")}</h2></header>
			<Loaded of={catalogue}>
				{(c) => (
					<dl class="setlist">
						<Row name={t("settings.version")}><code>{c.version}</code></Row>
						<Row name={t("settings.protocols")}>{(c.protocols ?? []).map((p) => <Badge key={p} mono>{p}</Badge>)}</Row>
						<Row name={t("settings.policies")} note={t("settings.inCaddyfile")}><Modules list={c.policies} /></Row>
						<Row name={t("settings.stores")} note={t("settings.inCaddyfile")}><Modules list={c.stores} /></Row>
						<Row name={t("settings.providers")}>{(c.providers ?? []).map((p) => <Badge key={p.name} title={`${p.name}: ${(p.protocols ?? []).join(", ")}`}>{p.title ?? p.name}</Badge>)}</Row>
						<Row name={t("settings.api")}><a class="link" href="api/openapi.json" target="_blank" rel="noopener">openapi.json</a></Row>
					</dl>
				)}
			</Loaded>
		</section>
	)
}

function Modules({ list }: { list: readonly CatalogueModule[] | null }) {
	return <>{(list ?? []).map((m) => <Badge key={m.name} mono title={m.doc}>{m.name}</Badge>)}</>
}
