import type { OverviewChannel } from "../api/types"
import { none, percent } from "../i18n/format"
import { t } from "../i18n/text"
import type { ChannelState } from "./channelstate"
import { Countdown, State } from "./state"

/** How a channel is, why, and until when. */
export function ChannelStateCell({ state: s }: { state: ChannelState }) {
	return (
		<State
			tone={s.tone}
			icon={s.icon}
			why={
				<>
					{s.why}
					{s.until && (
						<>
							{s.why ? ", " : ""}
							{t(s.id === "some" ? "overview.nextIn" : "overview.backIn")} <Countdown until={s.until} />
						</>
					)}
				</>
			}
		>
			{s.text}
		</State>
	)
}

/** The share of attempts of the last hour that went well. */
export function HourSuccess({ part }: { part: OverviewChannel | undefined }) {
	if (!part || part.hour.attempts === 0) return <>{none}</>
	const share = part.hour.ok / part.hour.attempts
	return share < 0.95 ? <b>{percent(share)}</b> : <>{percent(share)}</>
}
