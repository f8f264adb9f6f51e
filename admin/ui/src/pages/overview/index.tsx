import { useEffect, useRef } from "preact/hooks"
import { ask } from "../../api/client"
import { onCalls, onGap } from "../../api/live"
import { useResource } from "../../api/resource"
import { Failure } from "../../components/notice"
import { Bar, Main } from "../../shell/main"
import { boundsOf, queryOf, range } from "../../shell/range"
import { RangePicker } from "../../shell/rangepicker"
import { param } from "../../shell/router"
import { ChannelList } from "./channels"
import { Charts } from "./charts"
import { Figures } from "./figures"
import { Recent } from "./recent"

/** How often it is asked anew while calls end. */
const quick = 3_000
const slow = 30_000

export default function OverviewPage() {
	const shown = useResource(
		(stop) => ask("GET overview", { query: queryOf(boundsOf(range.value)), signal: stop }),
		[param("range")],
	)
	useRefresh(shown.reload)
	const data = shown.data.value
	const error = shown.error.value
	return (
		<Main class="ov">
			<Bar end>
				<RangePicker />
			</Bar>
			<Figures data={data} />
			{error && <Failure error={error} retry={shown.reload} />}
			<Charts data={data} />
			<ChannelList data={data} />
			<Recent />
		</Main>
	)
}

/** Asks again soon after a call has ended, and each half minute because time goes on. */
function useRefresh(reload: () => Promise<void>): void {
	const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
	useEffect(() => {
		const soon = () => {
			timer.current ??= setTimeout(() => {
				timer.current = undefined
				if (!document.hidden) void reload()
			}, quick)
		}
		const ends = [onCalls(soon), onGap(soon)]
		const regular = setInterval(soon, slow)
		document.addEventListener("visibilitychange", soon)
		return () => {
			for (const end of ends) end()
			clearInterval(regular)
			clearTimeout(timer.current)
			timer.current = undefined
			document.removeEventListener("visibilitychange", soon)
		}
	}, [])
}
