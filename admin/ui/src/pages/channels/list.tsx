import { useMemo, useState } from "preact/hooks"
import { muteChannel, testChannel, wakeChannel } from "../../components/channelactions"
import { Button } from "../../components/button"
import { Icon } from "../../components/icon"
import { Empty, Failure } from "../../components/notice"
import { WithPanel } from "../../components/panel"
import { Table } from "../../components/table"
import { t } from "../../i18n/text"
import { Bar, Main } from "../../shell/main"
import { RangePicker } from "../../shell/rangepicker"
import { hrefWith, param, setQuery } from "../../shell/router"
import { Bulk } from "./bulk"
import { ChooseColumns, columnsOf, hiddenColumns } from "./columns"
import { type Row, useChannels } from "./data"
import { EditPanel } from "./editpanel"
import { Filters, filtered, hasFilter, noFilter } from "./filters"
import { OrderDialog } from "./order"

/** All channels: dense, changed in place, several at once. */
export function ChannelsList() {
	const { views, rows } = useChannels()
	const [selected, setSelected] = useState<Set<string>>(new Set())
	const edited = param("edit")
	const isNew = param("new") !== ""
	const shown = useMemo(() => filtered(rows ?? [], param("state"), param("q")), [rows, param("state"), param("q")])
	const chosen = useMemo(() => (rows ?? []).filter((r) => selected.has(r.name)), [rows, selected])
	const columns = useMemo(() => columnsOf(hiddenColumns(param("hide"))), [param("hide"), t])
	const row = edited ? rows?.find((r) => r.name === edited) : undefined
	const close = () => setQuery({ edit: null, new: null, copy: null })
	const panel = isNew ? (
		<EditPanel key={"new " + param("copy")} row={undefined} copy={rows?.find((r) => r.name === param("copy"))} rows={rows ?? []} onClose={close} />
	) : row ? (
		<EditPanel key={row.name} row={row} rows={rows ?? []} onClose={close} />
	) : null
	const open = (r: Row) => setQuery({ edit: r.name, new: null, copy: null })
	const error = views.error.value
	return (
		<Main bare>
			<Bar>
				<Button kind="primary" icon="plus" class="chadd" onClick={() => setQuery({ new: "1", edit: null, copy: null })}>{t("ch.add")}</Button>
			</Bar>
			<Bar end>
				<RangePicker />
			</Bar>
			<WithPanel panel={panel}>
				{error && <Failure error={error} retry={views.reload} />}
				{!rows ? (
					!error && <div class="waiting" role="status">{t("state.loading")}</div>
				) : rows.length === 0 ? (
					<Empty title={t("ch.none")} action={<a class="btn pri" href="#/welcome">{t("ch.first")}</a>}>{t("ch.noneHelp")}</Empty>
				) : (
					<>
						{chosen.length > 0 ? (
							<Bulk rows={chosen} onClear={() => setSelected(new Set())} />
						) : (
							<div class="chfilters">
								<Filters rows={rows} />
								<span class="push chips nophone">
									<Button kind="quiet" icon="drag" onClick={() => setQuery({ order: "1" })}>{t("ch.order")}</Button>
									<ChooseColumns />
								</span>
							</div>
						)}
						<div class="chtable">
							<Table
								main
								label={t("nav.channels")}
								rows={shown}
								columns={columns}
								rowKey={(r) => r.name}
								sort="-state"
								selected={selected}
								onSelect={setSelected}
								onOpen={open}
								openKey={edited}
								keys={{ m: (r) => void muteChannel(r.name, !r.config.disabled), u: (r) => void wakeChannel(r.name), t: (r) => void testChannel(r.name, r.channel?.models ?? []) }}
								empty={
									<Empty title={t("ch.noMatch")} action={<a class="btn" href={hrefWith(noFilter)}>{t("ch.dropFilter")}</a>}>
										{hasFilter() && t("ch.noMatchHelp")}
									</Empty>
								}
							/>
						</div>
						<p class="small t3 foot2 nophone">
							<kbd>j</kbd> <kbd>k</kbd> {t("ch.keysMove")} <kbd>Enter</kbd> {t("ch.keysEdit")} <kbd>m</kbd> {t("ch.keysMute")} <kbd>u</kbd> {t("ch.keysWake")} <kbd>t</kbd> {t("ch.keysTest")}{" "}
							{rows.some((r) => r.declared) && (
								<>
									<Icon name="file" small /> {t("ch.fromCaddyfile")}
								</>
							)}
						</p>
					</>
				)}
			</WithPanel>
			{param("order") !== "" && rows && <OrderDialog rows={rows} onClose={() => setQuery({ order: null })} />}
		</Main>
	)
}
