import { Tabs } from "../../components/tabs"
import { t } from "../../i18n/text"
import { Main } from "../../shell/main"
import { param } from "../../shell/router"
import { Chat } from "./chat"
import { ModelTest } from "./modeltest"

export default function PlaygroundPage() {
	return (
		<Main class="play">
			<Tabs label={t("nav.playground")} tabs={[{ value: "chat", text: t("play.chat") }, { value: "models", text: t("play.models") }]} />
			{param("tab") === "models" ? <ModelTest /> : <Chat />}
		</Main>
	)
}
