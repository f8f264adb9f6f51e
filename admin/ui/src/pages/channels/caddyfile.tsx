import type { ChannelConfig } from "../../api/types"
import { Note } from "../../components/notice"
import { Copy } from "../../components/copy"
import { t } from "../../i18n/text"

/** Where a channel that the config declares is changed: the line of its block, to be looked for. */
export function Caddyfile({ config: c }: { config: ChannelConfig }) {
	const line = `channel ${quoted(c.name)}`
	return (
		<Note icon="file">
			<p class="declared">
				<b>{t("ch.declared")}</b>
				<span class="small t2">{t("ch.declaredHelp")}</span>
				<span class="codeline"><code>{line} {"{"}</code> <Copy text={line} /></span>
			</p>
		</Note>
	)
}

const quoted = (word: string): string => (/[\s{}"`]/.test(word) ? JSON.stringify(word) : word)
