import { Empty } from "../../components/notice"
import { t } from "../../i18n/text"
import { Main } from "../../shell/main"

export default function ChannelsPage() {
	return (
		<Main>
			<Empty title={t("page.soon")} />
		</Main>
	)
}
