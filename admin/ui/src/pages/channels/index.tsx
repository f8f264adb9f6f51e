import { route } from "../../shell/router"
import { ChannelPage } from "./channel"
import { ChannelsList } from "./list"
import { PasswordPrompt } from "./password"
import { RemovalPrompt } from "./removal"

/** The list of channels, and the page of one. */
export default function ChannelsPage() {
	const name = route.value.rest[0]
	return (
		<>
			{name === undefined ? <ChannelsList /> : <ChannelPage key={name} name={name} />}
			<RemovalPrompt />
			<PasswordPrompt />
		</>
	)
}
