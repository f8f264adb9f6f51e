// Made of the description of the API by go generate ./internal/apitypes: do not edit.

import type { Param, Sent } from "./sent"

export interface AliasConfig {
	created?: string
	models: string[] | null
	name: string
	origin?: string
	updated?: string
}

export interface AuditEntry {
	action: string
	actor: string
	address?: string
	fields: string[] | null
	id: number
	kind: string
	name: string
	time: string
}

export interface Batch {
	change?: Record<string, unknown> | null
	clear?: boolean
	names: string[] | null
	password?: string
	remove?: boolean
}

export interface BatchResult {
	changed: number
}

export interface Budget {
	day: Spent
	kind: string
	month: Spent
	name: string
	/** US dollars */
	reserved_usd: number
	total: Spent
}

export interface Burndown {
	kind: string
	/** US dollars */
	limit_usd?: number
	name: string
	/** US dollars */
	pace_usd: number
	/** US dollars */
	reserved_usd: number
	since: string
	/** US dollars */
	spent_usd: number
	step_ns: number
	steps: BurndownStep[] | null
	until: string
}

export interface BurndownStep {
	end: string
	/** US dollars */
	spent_usd: number
}

export interface CallClasses {
	caller: number
	failed: number
	failed_over: number
	ok: number
	start?: string
}

export interface CallPage {
	calls: (AiRecord | null)[] | null
	next?: string
	searched?: string
}

export interface CallVolume {
	series: CallClasses[] | null
	since: string
	step_ns: number
	total: CallClasses
	until: string
}

export interface Capture {
	answer: string
	cut?: boolean
	id: string
	request: string
	time: string
	upstream?: string
}

export interface Catalogue {
	alias: Option[] | null
	channel: Option[] | null
	outcomes: string[] | null
	policies: CatalogueModule[] | null
	protocols: string[] | null
	providers: CatalogueProvider[] | null
	scopes: string[] | null
	settings: Option[] | null
	stores: CatalogueModule[] | null
	token: Option[] | null
	version: string
}

export interface CatalogueModule {
	doc?: string
	name: string
	options: Option[] | null
}

export interface CatalogueProvider {
	models: string[] | null
	name: string
	needs_url: boolean
	protocols: string[] | null
	title?: string
}

export interface Channel {
	cooling: HealthEntry[] | null
	group?: string
	in_flight: number
	keys: Key[] | null
	models: string[] | null
	name: string
	origin: string
	priority: number
	protocols: string[] | null
	provider?: string
	state: string
	substituted?: Record<string, string> | null
	until?: string
	urls: URL[] | null
	weight: number
}

export interface ChannelConfig {
	allow_private_addresses?: boolean
	auth?: string
	body_remove?: string[] | null
	body_set?: ConfigBodyField[] | null
	budget?: ConfigBudget
	cooldown_rules?: ConfigCooldownRule[] | null
	cost_multiplier?: number | null
	created?: string
	daily_budget?: number
	disabled?: boolean
	group?: string
	header_down?: ConfigHeaderDown | null
	header_up?: ConfigHeaderOps | null
	health_check?: ConfigHealthCheck | null
	hours?: ConfigHours | null
	keys: KeyConfig[] | null
	max_concurrency?: number
	model_names?: Record<string, string> | null
	models?: string[] | null
	name: string
	no_include_usage?: boolean
	origin?: string
	password?: string
	priority?: number
	protocols?: string[] | null
	provider?: string
	proxy?: string
	region?: string
	rpm?: number
	tls_insecure_skip_verify?: boolean
	tpm?: number
	updated?: string
	urls?: ConfigURL[] | null
	weight?: number | null
}

export interface ChannelView {
	config: ChannelConfig
	state: Channel | null
}

export interface Cleared {
	cleared: number
}

export interface CostColumn {
	name: string
	sum: CostSum
}

export interface CostLine {
	cells: (CostSum | null)[] | null
	name: string
	sum: CostSum
}

export interface CostStep {
	costs_usd: number[] | null
	/** US dollars */
	rest_usd: number
	start: string
}

export interface CostSum {
	calls: number
	/** US dollars */
	cost_usd: number
	/** US dollars */
	list_cost_usd: number
	tokens: number
	unpriced: number
}

export interface Costs {
	column_list: CostColumn[] | null
	columns?: string
	rest_column?: CostColumn | null
	rest_columns: number
	rest_row?: CostLine | null
	rest_rows: number
	row_list: CostLine[] | null
	rows: string
	series: CostStep[] | null
	since: string
	stacks: string[] | null
	step_ns?: number
	total: CostSum
	unpriced: UnpricedModel[] | null
	until: string
}

export interface EditsAnswer {
	body: string
}

export interface EditsQuestion {
	body: string
	body_remove: string[] | null
	body_set: ConfigBodyField[] | null
}

export interface Explanation {
	candidates: AiCandidate[] | null
	model: string
	next?: AiTarget | null
	not_serving: string[] | null
	policy: string
	problem?: string
	protocol: string
	site?: string
	stages: Stage[] | null
	why?: string
}

export interface ExportOrder {
	format?: string
	password?: string
	secrets?: boolean
}

export interface Health {
	attempts: number
	failed: number
	limited: number
	minutes: number[] | null
	ok: number
}

export interface ImportChange {
	action: string
	fields?: string[] | null
	kind: string
	name: string
}

export interface ImportLine {
	becomes?: string
	from: string
	line?: number
	note?: string
}

export interface ImportProblem {
	field?: string
	line?: number
	message: string
	name?: string
}

export interface ImportResult {
	added: number
	changed: number
	changes: ImportChange[] | null
	dry_run: boolean
	format: string
	lines?: ImportLine[] | null
	notes: string[] | null
	problems: ImportProblem[] | null
	same: number
}

export interface Key {
	fingerprint: string
	in_flight: number
	last_four?: string
	low?: boolean
	until?: string
	usable: boolean
}

export interface KeyChange {
	add?: KeyConfig[] | null
	disable?: string[] | null
	enable?: string[] | null
	notes?: Record<string, string> | null
	remove?: string[] | null
}

export interface KeyChanged {
	added: string[] | null
	doubles: number
	keys: number
	removed: number
}

export interface KeyConfig {
	disabled?: boolean
	fingerprint?: string
	key?: string
	last_four?: string
	note?: string
}

export interface Login {
	password?: string
	token?: string
}

export interface Models {
	models: string[] | null
}

export interface Option {
	doc?: string
	name: string
	type: string
}

export interface Overview {
	channels: OverviewChannel[] | null
	/** US dollars */
	cost_today_usd: number
	/** US dollars */
	limit_today_usd?: number
	series: OverviewStep[] | null
	since: string
	step_ns: number
	total: OverviewStep
	until: string
}

export interface OverviewChannel {
	/** US dollars */
	cost_today_usd: number
	first_content_p90_ns?: number
	hour: Health
	/** US dollars */
	limit_today_usd?: number
	name: string
	served: number
	tokens_per_second?: number
}

export interface OverviewStep {
	caller: number
	/** US dollars */
	cost_usd: number
	failed: number
	failed_over: number
	first_content_p50_ns?: number
	first_content_p90_ns?: number
	first_content_p99_ns?: number
	ok: number
	output_tokens: number
	start?: string
}

export interface Priced {
	/** US dollars; usd and list_usd are null where no price is known */
	cost: {
		drifted?: boolean
		list_usd: number | null
		multiplier?: number
		other_tier?: boolean
		price?: string
		unpriced?: boolean
		usd: number | null
	}
	lines: PricingLine[] | null
}

export interface PricedAttempt {
	attempt: number
	changed: boolean
	lines: PricingLine[] | null
	/** US dollars */
	list_usd: number
	model: string
}

export interface Problem {
	code: string
	field?: string
	message: string
}

export interface Removed {
	done: boolean
}

export interface RestOrder {
	channel?: string
	group?: string
	key?: string
	model?: string
	protocol?: string
	scope: string
	seconds: number
	url?: string
}

export interface Rotation {
	channels: number
	key: string
}

export interface RulesAnswer {
	outcome: AiOutcome
	rule?: number
	without: AiOutcome
}

export interface RulesQuestion {
	body: string
	header?: Record<string, string> | null
	rules: ConfigCooldownRule[] | null
	status: number
}

export interface Session {
	expires?: string
	password: boolean
	role: string
	token?: string
}

export interface SettingsConfig {
	capture?: ConfigCapture | null
	declared: string[] | null
	defaults: ConfigSettings
	retention?: ConfigRetention | null
}

export interface Spent {
	/** US dollars */
	limit_usd?: number
	resets?: string
	/** US dollars */
	spent_usd: number
}

export interface Stage {
	channels: string[] | null
	model: string
}

export interface Statistics {
	by: string[] | null
	rows: StatisticsRow[] | null
	since: string
	step_ns?: number
	until: string
}

export interface StatisticsRow {
	attempts: number
	cache_write_tokens: number
	cached_input_tokens: number
	calls: number
	/** US dollars */
	cost_usd: number
	duration_p50_ns?: number
	duration_p90_ns?: number
	duration_p99_ns?: number
	estimated: number
	failed_over: number
	first_content_p50_ns?: number
	first_content_p90_ns?: number
	first_content_p99_ns?: number
	input_tokens: number
	/** US dollars */
	list_cost_usd: number
	mean_duration_ns?: number
	mean_first_content_ns?: number
	output_tokens: number
	reasoning_tokens: number
	start?: string
	streams: number
	unpriced: number
	values?: Record<string, string> | null
}

export interface Status {
	channels: number
	cooling: number
	in_flight: number
	journal: {
		depth: number
		lost: number
		spooled: number
		written: number
	}
	tokens: number
}

export interface TestAnswer {
	/** US dollars; usd and list_usd are null where no price is known */
	cost: {
		drifted?: boolean
		list_usd: number | null
		multiplier?: number
		other_tier?: boolean
		price?: string
		unpriced?: boolean
		usd: number | null
	}
	duration_ns: number
	first_content_ns?: number
	id: string
	key?: string
	message?: string
	model: string
	ok: boolean
	outcome: string
	protocol: string
	rested?: string
	status?: number
	text?: string
	upstream_model: string
	url: string
	usage: AiUsage
}

export interface TestQuestion {
	channel: string
	key?: string
	models?: string[] | null
	prompt?: string
	protocol?: string
	stream?: boolean
	url?: string
}

export interface TokenConfig {
	budget?: ConfigBudget
	channels?: string[] | null
	created?: string
	disabled?: boolean
	except_channels?: string[] | null
	expires?: string
	expose_route?: boolean
	last_four?: string
	max_concurrency?: number
	models?: string[] | null
	name: string
	new_secret?: boolean
	origin?: string
	rpm?: number
	secret?: string
	secret_file?: string
	secret_sha256?: string
	tpm?: number
	updated?: string
	upstream_counts?: boolean
}

export interface TokenUse {
	last_used?: string
	name: string
}

export interface URL {
	protocols: string[] | null
	until?: string
	url: string
	usable: boolean
}

export interface UnpricedModel {
	calls: number
	model: string
}

export interface AiAttempt {
	/** US dollars; usd and list_usd are null where no price is known */
	cost: {
		drifted?: boolean
		list_usd: number | null
		multiplier?: number
		other_tier?: boolean
		price?: string
		unpriced?: boolean
		usd: number | null
	}
	dropped?: string[] | null
	duration_ns: number
	first_content_ns?: number
	outcome: AiOutcome
	probe?: boolean
	protocol?: string
	rested?: string
	server_id?: string
	start_ns: number
	substituted?: string
	target: AiTarget
	usage: AiUsage
	why: string
}

export interface AiCandidate {
	channel: string
	detail?: string
	reason: string
	until?: string
}

export interface AiModelUsage {
	model: string
	usage: AiUsage
}

export interface AiOutcome {
	code?: string
	kind: string
	message?: string
	retry: boolean
	rule?: string
	scope: string
	status?: number
	until?: string
}

export interface AiRecord {
	answer_bytes: number
	attempts: AiAttempt[] | null
	candidates: AiCandidate[] | null
	channel?: string
	client_ip?: string
	/** US dollars; usd and list_usd are null where no price is known */
	cost: {
		drifted?: boolean
		list_usd: number | null
		multiplier?: number
		other_tier?: boolean
		price?: string
		unpriced?: boolean
		usd: number | null
	}
	day?: number
	duration_ns: number
	first_content_ns?: number
	id: string
	message?: string
	model: string
	operation: string
	outcome: string
	policy?: string
	protocol: string
	request_bytes: number
	response_id?: string
	status: number
	stream: boolean
	time: string
	token: string
	upstream_model?: string
	usage: AiUsage
	user_agent?: string
}

export interface AiTarget {
	channel: string
	key?: string
	model: string
	url: string
}

export interface AiUsage {
	audio_input?: number
	audio_ms?: number
	audio_output?: number
	beside?: AiModelUsage[] | null
	cache_write?: number
	cache_write_1h?: number
	cached_audio?: number
	cached_image?: number
	cached_input?: number
	characters?: number
	doubtful?: boolean
	estimated?: boolean
	image_form?: string
	image_input?: number
	image_output?: number
	images?: number
	input: number
	output: number
	reasoning?: number
	region?: string
	reported: boolean
	search_size?: string
	service_tier?: string
	unmeasured?: boolean
	vendor_costed?: boolean
	/** US dollars */
	vendor_usd?: number
	web_searches?: number
}

export interface ConfigBodyField {
	path: string
	value: unknown
}

export interface ConfigBudget {
	day?: number
	month?: number
	total?: number
}

export interface ConfigCapture {
	/** nanoseconds, or a text such as 30m or 2d */
	age?: number | string
	body_bytes?: number
	bytes?: number
	channels?: string[] | null
	enabled?: boolean
	failures_only?: boolean
	tokens?: string[] | null
}

export interface ConfigCooldownRule {
	body?: string
	/** nanoseconds, or a text such as 30m or 2d */
	for?: number | string
	layout?: string
	scope?: string
	status?: number[] | null
	zone?: string
}

export interface ConfigHeaderDown {
	add?: Record<string, string[] | null> | null
	delete?: string[] | null
	pass?: string[] | null
	set?: Record<string, string[] | null> | null
}

export interface ConfigHeaderOps {
	add?: Record<string, string[] | null> | null
	delete?: string[] | null
	set?: Record<string, string[] | null> | null
}

export interface ConfigHealthCheck {
	/** nanoseconds, or a text such as 30m or 2d */
	interval?: number | string
	model?: string
}

export interface ConfigHours {
	from: string
	to: string
	zone?: string
}

export interface ConfigRetention {
	age?: number | string | null
	bytes?: number | null
}

export interface ConfigSettings {
	capture?: ConfigCapture | null
	retention?: ConfigRetention | null
}

export interface ConfigURL {
	protocols?: string[] | null
	url: string
}

export interface HealthEntry {
	attention?: boolean
	channel?: string
	failures: number
	group?: string
	key?: string
	kind: string
	message?: string
	model?: string
	protocol?: string
	rule?: string
	scope: string
	since: string
	until: string
	url?: string
}

export interface HealthRef {
	channel?: string
	group?: string
	key?: string
	model?: string
	protocol?: string
	scope: string
	url?: string
}

export interface PricingLine {
	price_usd: string
	quantity: number
	/** US dollars */
	usd: number
	what: string
}

export interface PricingRow {
	above: string
	audio_hour: string
	audio_input: string
	audio_output: string
	cache_write: string
	cache_write_long: string
	cached_audio: string
	cached_image: string
	cached_input: string
	characters: string
	from: string
	image: string
	image_input: string
	image_output: string
	input: string
	match: string
	model: string
	note: string
	output: string
	provider: string
	region_factor: string
	search_per_1k: string
	source: string
	tier: string
	until: string
	when: string
}

/** Every operation: "METHOD path". */
export interface Routes {
	/** All aliases */
	"GET aliases": { path: undefined; query: undefined; body: undefined; answer: AliasConfig[] | null }
	/** Make an alias */
	"POST aliases": { path: undefined; query: undefined; body: Sent<AliasConfig>; answer: AliasConfig }
	/** Remove an alias */
	"DELETE aliases/{name}": { path: { name: Param }; query: undefined; body: undefined; answer: Removed }
	/** One alias */
	"GET aliases/{name}": { path: { name: Param }; query: undefined; body: undefined; answer: AliasConfig }
	/** Replace an alias */
	"PUT aliases/{name}": { path: { name: Param }; query: undefined; body: Sent<AliasConfig>; answer: AliasConfig }
	/** Who changed what, the latest first */
	"GET audit": { path: undefined; query: { before?: Param; channel?: Param; limit?: Param }; body: undefined; answer: AuditEntry[] | null }
	/** What tokens and channels have spent, and may spend */
	"GET budgets": { path: undefined; query: undefined; body: undefined; answer: Budget[] | null }
	/** How a budget is spent in its day or month */
	"GET burndown": { path: undefined; query: { kind?: Param; name: Param; period?: Param }; body: undefined; answer: Burndown }
	/** Calls, the newest first */
	"GET calls": { path: undefined; query: { token?: Param; channel?: Param; model?: Param; outcome?: Param; status?: Param; class?: Param; protocol?: Param; longer?: Param; text?: Param; since?: Param; until?: Param; before?: Param; limit?: Param }; body: undefined; answer: CallPage }
	/** The same calls as a file, 100,000 at most */
	"GET calls.csv": { path: undefined; query: { token?: Param; channel?: Param; model?: Param; outcome?: Param; status?: Param; class?: Param; protocol?: Param; longer?: Param; text?: Param; since?: Param; until?: Param; before?: Param; limit?: Param }; body: undefined; answer: unknown }
	/** How many calls there were, step by step */
	"GET calls/volume": { path: undefined; query: { class?: Param; since?: Param; until?: Param; step?: Param; channel?: Param; key?: Param; model?: Param; token?: Param; protocol?: Param; outcome?: Param }; body: undefined; answer: CallVolume }
	/** One call completely: attempts, and why others were left out */
	"GET calls/{id}": { path: { id: Param }; query: undefined; body: undefined; answer: AiRecord }
	/** The bodies of a call, if they were captured */
	"GET calls/{id}/bodies": { path: { id: Param }; query: undefined; body: undefined; answer: Capture }
	/** How the cost of a call comes about */
	"GET calls/{id}/price": { path: { id: Param }; query: undefined; body: undefined; answer: PricedAttempt[] | null }
	/** What this build knows: protocols, providers, policies, settings */
	"GET catalogue": { path: undefined; query: undefined; body: undefined; answer: Catalogue }
	/** All channels: settings and state */
	"GET channels": { path: undefined; query: undefined; body: undefined; answer: ChannelView[] | null }
	/** Make a channel */
	"POST channels": { path: undefined; query: undefined; body: Sent<ChannelConfig>; answer: ChannelConfig }
	/** Change or remove several channels, all or none */
	"POST channels/batch": { path: undefined; query: undefined; body: Sent<Batch>; answer: BatchResult }
	/** Remove a channel */
	"DELETE channels/{name}": { path: { name: Param }; query: undefined; body: undefined; answer: Removed }
	/** One channel: settings and state */
	"GET channels/{name}": { path: { name: Param }; query: undefined; body: undefined; answer: ChannelView }
	/** Change some settings of a channel (JSON merge patch) */
	"PATCH channels/{name}": { path: { name: Param }; query: undefined; body: Sent<ChannelConfig>; answer: ChannelConfig }
	/** Replace a channel; keys that are left out stay */
	"PUT channels/{name}": { path: { name: Param }; query: undefined; body: Sent<ChannelConfig>; answer: ChannelConfig }
	/** Add, remove, switch and note some keys of a channel */
	"POST channels/{name}/keys": { path: { name: Param }; query: undefined; body: Sent<KeyChange>; answer: KeyChanged }
	/** Ask the channel's upstream which models it has */
	"POST channels/{name}/models/fetch": { path: { name: Param }; query: undefined; body: undefined; answer: Models }
	/** Ask the channel for a short answer, of one or all its models */
	"POST channels/{name}/test": { path: { name: Param }; query: undefined; body: Sent<TestQuestion>; answer: TestAnswer[] | null }
	/** Everything that rests or failed lately */
	"GET cooling": { path: undefined; query: undefined; body: undefined; answer: HealthEntry[] | null }
	/** Let something rest */
	"POST cooling": { path: undefined; query: undefined; body: Sent<RestOrder>; answer: Removed }
	/** End rests early; what is left empty is any */
	"POST cooling/clear": { path: undefined; query: undefined; body: Sent<HealthRef>; answer: Cleared }
	/** What calls cost, as a table of one or two dimensions */
	"GET costs": { path: undefined; query: { since?: Param; until?: Param; rows?: Param; columns?: Param; most_rows?: Param; most_columns?: Param; step?: Param; show?: Param; channel?: Param; key?: Param; model?: Param; token?: Param; protocol?: Param; outcome?: Param }; body: undefined; answer: Costs }
	/** The same table as a file */
	"GET costs.csv": { path: undefined; query: { since?: Param; until?: Param; rows?: Param; columns?: Param; most_rows?: Param; most_columns?: Param; step?: Param; show?: Param; channel?: Param; key?: Param; model?: Param; token?: Param; protocol?: Param; outcome?: Param }; body: undefined; answer: unknown }
	/** What replies have taught about counting tokens */
	"GET counting": { path: undefined; query: undefined; body: undefined; answer: unknown[] | null }
	/** What body_set and body_remove would make of a request */
	"POST edits/test": { path: undefined; query: undefined; body: Sent<EditsQuestion>; answer: EditsAnswer }
	/** Where a call would go now */
	"GET explain": { path: undefined; query: { model: Param; protocol?: Param; token?: Param; conversation?: Param; site?: Param }; body: undefined; answer: Explanation }
	/** Export channels, tokens and aliases */
	"GET export": { path: undefined; query: { format?: Param }; body: undefined; answer: unknown }
	/** Export channels, tokens and aliases; with secrets if the admin password is given again */
	"POST export": { path: undefined; query: undefined; body: Sent<ExportOrder>; answer: unknown }
	/** Import channels, tokens and aliases from a file: ours as JSON or CSV, or one of another system (the original ccLoad, LiteLLM, new-api, one-api, GPT-Load, CLIProxyAPI, claude-code-router, Portkey) */
	"POST import": { path: undefined; query: { dry_run?: Param; name?: Param }; body: Blob | string | FormData; answer: ImportResult }
	/** Events as they happen (Server-Sent Events): snapshot, metrics, channel, calls */
	"GET live": { path: undefined; query: undefined; body: undefined; answer: unknown }
	/** Log in with the admin password, or with a client token to see its own numbers */
	"POST login": { path: undefined; query: undefined; body: Sent<Login>; answer: Session }
	/** End this login */
	"POST logout": { path: undefined; query: undefined; body: undefined; answer: Session }
	/** End every login with the admin password, on all nodes */
	"POST logout/all": { path: undefined; query: undefined; body: undefined; answer: Session }
	/** Ask the upstream of a channel that is not saved yet which models it has */
	"POST models/fetch": { path: undefined; query: undefined; body: Sent<ChannelConfig>; answer: Models }
	/** This description */
	"GET openapi.json": { path: undefined; query: undefined; body: undefined; answer: unknown }
	/** What the first page shows of a range */
	"GET overview": { path: undefined; query: { since?: Param; until?: Param; step?: Param }; body: undefined; answer: Overview }
	/** What a usage costs, and by which price */
	"GET price": { path: undefined; query: { model: Param; provider?: Param; at?: Param; tier?: Param; region?: Param; input?: Param; cached_input?: Param; cache_write?: Param; cache_write_1h?: Param; output?: Param; audio_input?: Param; image_input?: Param; cached_audio?: Param; cached_image?: Param; audio_output?: Param; image_output?: Param; web_searches?: Param }; body: undefined; answer: Priced }
	/** The prices of your own that are stored */
	"GET prices": { path: undefined; query: undefined; body: undefined; answer: PricingRow[] | null }
	/** Replace them by the body: CSV or JSON, as in a file of prices */
	"PUT prices": { path: undefined; query: undefined; body: Blob | string; answer: Record<string, number> | null }
	/** Price stored calls anew by the prices of today */
	"POST reprice": { path: undefined; query: { since?: Param }; body: undefined; answer: Record<string, number> | null }
	/** Seal all stored secrets with a new encryption key */
	"POST rotate": { path: undefined; query: undefined; body: undefined; answer: Rotation }
	/** What cooldown rules would make of an answer */
	"POST rules/test": { path: undefined; query: undefined; body: Sent<RulesQuestion>; answer: RulesAnswer }
	/** Who is logged in */
	"GET session": { path: undefined; query: undefined; body: undefined; answer: Session }
	/** The settings in force */
	"GET settings": { path: undefined; query: undefined; body: undefined; answer: SettingsConfig }
	/** Replace the stored settings */
	"PUT settings": { path: undefined; query: undefined; body: Sent<ConfigSettings>; answer: SettingsConfig }
	/** Sums of calls, as a series or grouped */
	"GET statistics": { path: undefined; query: { since?: Param; until?: Param; step?: Param; by?: Param; quantiles?: Param; channel?: Param; key?: Param; model?: Param; token?: Param; protocol?: Param; outcome?: Param }; body: undefined; answer: Statistics }
	/** The gateway at a glance */
	"GET status": { path: undefined; query: undefined; body: undefined; answer: Status }
	/** When each client token was used last */
	"GET token-use": { path: undefined; query: undefined; body: undefined; answer: TokenUse[] | null }
	/** All client tokens */
	"GET tokens": { path: undefined; query: undefined; body: undefined; answer: TokenConfig[] | null }
	/** Make a client token; the answer holds its secret, this once */
	"POST tokens": { path: undefined; query: undefined; body: Sent<TokenConfig>; answer: TokenConfig }
	/** Remove a client token */
	"DELETE tokens/{name}": { path: { name: Param }; query: undefined; body: undefined; answer: Removed }
	/** One client token */
	"GET tokens/{name}": { path: { name: Param }; query: undefined; body: undefined; answer: TokenConfig }
	/** Change some settings of a client token (JSON merge patch) */
	"PATCH tokens/{name}": { path: { name: Param }; query: undefined; body: Sent<TokenConfig>; answer: TokenConfig }
	/** Replace a client token; it keeps its secret unless another is given */
	"PUT tokens/{name}": { path: { name: Param }; query: undefined; body: Sent<TokenConfig>; answer: TokenConfig }
}
