import { Copy } from "../../components/copy"
import { Icon } from "../../components/icon"
import { Snippets, snippetsFor } from "../../components/snippets"
import { t } from "../../i18n/text"
import { href } from "../../shell/router"
import type { Progress } from "./steps"
import { StepList } from "./steplist"

/** The channel works: its token, shown once, and what clients need. */
export function Done({ progress: p }: { progress: Progress }) {
	const model = p.model ?? "MODEL"
	return (
		<div class="first">
			<StepList progress={p} host={undefined} />
			<div class="oncehead">
				<Icon name="ready" />
				<div>
					<h2 class="big" tabIndex={-1} ref={(e) => e?.focus()}>{t("welcome.works", { name: p.name ?? "" })}</h2>
					<p class="t2">{t("welcome.worksHelp")}</p>
				</div>
			</div>
			<div class="field">
				<span class="lab">{t("welcome.secret")}</span>
				<div class="secret">
					<span class="in mono"><span class="clipped">{p.secret}</span></span>
					<Copy text={p.secret ?? ""} size="l">{t("action.copy")}</Copy>
				</div>
			</div>
			<Snippets list={snippetsFor(p.secret ?? "", model)} />
			<div>
				<a class="btn pri big2" href={href("overview")}>{t("welcome.done")}</a>
			</div>
		</div>
	)
}
