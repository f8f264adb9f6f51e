import type { OverviewChannel } from "../api/types"
import { none, percent } from "../i18n/format"
import { t } from "../i18n/text"
import type { ChannelState } from "./channelstate"
import { Countdown, State } from "./state"

/** How a channel is, why, and until when. brief: the end first, for where the rest may be cut. */
export function ChannelStateCell({ state: s, brief }: { state: ChannelState; brief?: boolean }) {
	return (
		<State
			tone={s.tone}
			icon={s.icon}
			why={
				<>
					{brief && s.until && <Countdown until={s.until} />}
					{brief && s.until && s.why ? " · " : ""}
					{s.why}
					{!brief && s.until && (
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
	const share = part?.hour.success
	if (share == null) return <>{none}</>
	return share < 0.95 ? <b>{percent(share)}</b> : <>{percent(share)}</>
}
