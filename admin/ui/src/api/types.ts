// Made of the description of the API by go generate ./internal/apitypes: do not edit.

import type { Param, Sent } from "./sent"

export interface AliasConfig {
	/** when it was made; empty if it is declared */
	created?: string
	/** Models are what is looked for, in order. A * in one is what the * of the alias's pattern stands for. They may be aliases without a * too, but no alias may lead back to itself. */
	models: string[] | null
	/** Name is what clients ask for: a name or a pattern with *. A name that is written out, here or as a channel's model, goes before patterns, and of these, the channels' too, the longest counts. */
	name: string
	/** declared in the config, and read-only, or stored */
	origin?: string
	/** when it was changed last; empty if it is declared */
	updated?: string
}

export interface AuditEntry {
	/** create, change, remove, import, export, rest, clear, rotate, login, end */
	action: string
	/** operator, command, or the name of a client token */
	actor: string
	/** where the request came from, if it came by a network */
	address?: string
	/** the settings that changed, never what they were */
	fields: string[] | null
	/** grows with each entry */
	id: number
	/** of what was changed: channel, token, alias, settings, secrets, cooling, call */
	kind: string
	/** of what was changed */
	name: string
	/** when it was done */
	time: string
}

export interface Batch {
	/** settings for all of them (JSON merge patch) */
	change?: Record<string, unknown> | null
	/** end their cooldowns */
	clear?: boolean
	/** of the channels */
	names: string[] | null
	/** Password is the admin password; see ChannelConfig. */
	password?: string
	/** remove them */
	remove?: boolean
}

export interface BatchResult {
	/** how many channels are different now */
	changed: number
}

export interface Budget {
	/** spent today */
	day: Spent
	/** calls under way */
	in_flight: number
	/** token or channel */
	kind: string
	/** spent this month */
	month: Spent
	/** of the token or channel */
	name: string
	/** set aside for calls under way */
	reserved_usd: number
	/** spent ever */
	total: Spent
}

export interface Burndown {
	/** token or channel */
	kind: string
	/** 0: none */
	limit_usd?: number
	/** of the token or channel */
	name: string
	/** what it comes to at the end if it goes on as it did */
	pace_usd: number
	/** set aside for calls under way */
	reserved_usd: number
	/** when it began at 0 */
	since: string
	/** what calls have cost since then */
	spent_usd: number
	/** width of a step */
	step_ns: number
	/** all until now, the oldest first */
	steps: BurndownStep[] | null
	/** when it begins anew */
	until: string
}

export interface BurndownStep {
	/** of the step */
	end: string
	/** from the beginning to the end of the step */
	spent_usd: number
}

export interface CallClasses {
	/** the caller's fault, or the caller hung up */
	caller: number
	/** no attempt was good, and the caller is not at fault */
	failed: number
	/** ok, after an attempt that was not */
	failed_over: number
	/** at the first attempt */
	ok: number
	/** of the step; empty in a sum */
	start?: string
}

export interface CallPage {
	/** the newest first */
	calls: (AiRecord | null)[] | null
	/** before of the next page; empty on the last */
	next?: string
	/** Searched is how far back was looked, where a search was ended before the page was full: the next page goes on there. */
	searched?: string
}

export interface CallVolume {
	/** steps that had calls, the oldest first */
	series: CallClasses[] | null
	/** begin of the range */
	since: string
	/** width of a step of the series */
	step_ns: number
	/** the sum of the range */
	total: CallClasses
	/** end of the range */
	until: string
}

export interface Capture {
	/** what the client was sent */
	answer: string
	/** there was more */
	cut?: boolean
	/** of the call */
	id: string
	/** what the client sent, without secrets */
	request: string
	/** when the call arrived */
	time: string
	/** answers of upstreams that the client did not get */
	upstream?: string
}

export interface Catalogue {
	/** settings of an alias */
	alias: Option[] | null
	/** settings of a channel */
	channel: Option[] | null
	/** what can become of a call */
	outcomes: string[] | null
	/** selection policies */
	policies: CatalogueModule[] | null
	/** names of the wire formats */
	protocols: string[] | null
	/** vendor presets */
	providers: CatalogueProvider[] | null
	/** what can cool down */
	scopes: string[] | null
	/** settings that belong to no channel, token or alias */
	settings: Option[] | null
	/** kinds of databases */
	stores: CatalogueModule[] | null
	/** settings of a client token */
	token: Option[] | null
	/** of this build */
	version: string
}

export interface CatalogueModule {
	/** what it does */
	doc?: string
	/** as it is written in a config */
	name: string
	/** its settings */
	options: Option[] | null
}

export interface CatalogueProvider {
	/** KeyPatterns are what its keys look like, with * for any run of characters; the longest pattern that fits a key tells whose it is. */
	key_patterns: string[] | null
	/** that it is known to serve */
	models: string[] | null
	/** as it is written in a config */
	name: string
	/** a channel has to say its address */
	needs_url: boolean
	/** those it speaks, the preferred one first */
	protocols: string[] | null
	/** for people */
	title?: string
	/** its addresses; of one that needs its own, what they look like */
	urls: string[] | null
}

export interface Channel {
	/** everything of the channel that cools down or failed lately */
	cooling: HealthEntry[] | null
	/** channels that share one account */
	group?: string
	/** calls under way */
	in_flight: number
	/** its credentials in use */
	keys: Key[] | null
	/** names and patterns it serves */
	models: string[] | null
	/** of the channel */
	name: string
	/** declared: in the config */
	origin: string
	/** the higher, the earlier it is tried */
	priority: number
	/** those it speaks */
	protocols: string[] | null
	/** its preset */
	provider?: string
	/** eligible, disabled, outside_hours, over_concurrent, cooling */
	state: string
	/** Substituted are models that the channel's upstream answered with another one: by the name that was sent, the name that the answer gave last. */
	substituted?: Record<string, string> | null
	/** when the state ends, if that is known */
	until?: string
	/** its addresses */
	urls: URL[] | null
	/** its share among those of the same priority */
	weight: number
}

export interface ChannelConfig {
	/** AllowPrivateAddresses permits host names that resolve to loopback, private or link-local addresses. An address or "localhost" written literally in a URL is always permitted; a name is not, because whoever controls its DNS could point it inside your network. */
	allow_private_addresses?: boolean
	/** Auth says how the key is sent: bearer (Authorization: Bearer), x-api-key, x-goog-api-key, api-key, or none. Default: as the provider or protocol wants it. */
	auth?: string
	/** BodyRemove removes top-level or dotted fields of a JSON request body. */
	body_remove?: string[] | null
	/** BodySet sets top-level or dotted fields of a JSON request body; the value is JSON. Changing "model" changes what the upstream is asked for, not how the call was routed: model_names does both. */
	body_set?: ConfigBodyField[] | null
	/** Budget is how much may be spent on the channel. When it is used up, the channel is left out until it begins anew. */
	budget?: ConfigBudget
	/** CooldownRules are tried before the built-in classification of an answer; the first that matches decides. At most 32. */
	cooldown_rules?: ConfigCooldownRule[] | null
	/** CostMultiplier is what the channel takes of the list price: 0.3 for a relay that charges 30 %. 0 is free. Default 1; 0 to 1000. */
	cost_multiplier?: number | null
	/** when it was made; empty if it is declared */
	created?: string
	/** DailyBudget is the most that may be spent on the channel in a day, in US dollars; the same as day in budget. Default 0: no limit. */
	daily_budget?: number
	/** Disabled takes the channel out of routing without removing it. */
	disabled?: boolean
	/** Group names channels that share fate: a limit that speaks of the organisation or the address rests all of them. Default: none. */
	group?: string
	/** HeaderDown changes answer headers on their way to the client, and names headers of the upstream that clients get beside the few that always pass. */
	header_down?: ConfigHeaderDown | null
	/** HeaderUp changes request headers on their way up. Applied last, so it can replace anything but the credential and the host. */
	header_up?: ConfigHeaderOps | null
	/** HealthCheck asks a cheap request of the channel from time to time, so that a resting one is found well before a client needs it. Default: off. */
	health_check?: ConfigHealthCheck | null
	/** Hours is the daily time the channel may be used. Default: always. */
	hours?: ConfigHours | null
	/** Keys of the channel. Each has a fingerprint by which it stays the key it is; one with a key is new. Left out: they stay as they are. */
	keys: KeyConfig[] | null
	/** MaxConcurrency limits requests under way. Default 0: no limit. */
	max_concurrency?: number
	/** ModelNames maps a client's model name to the name this upstream uses. The client's names are served too, they need not stand in Models again. They may be patterns; a * in the upstream's name is what the * of the pattern stands for, as in openai/* to *. A name that is written out goes before patterns, and of these the longest counts. */
	model_names?: Record<string, string> | null
	/** Models are the models the channel serves: exact names or patterns with *. Default: everything the provider serves; for a channel without provider, everything (*). */
	models?: string[] | null
	/** Name identifies the channel in logs, statistics and tokens. Unique. Required; at most 191 characters. */
	name: string
	/** NoIncludeUsage sends Chat Completions streams upstream without asking for token counts (stream_options.include_usage) that the client did not ask for itself. By default they are asked for, and kept from the client; an upstream that refuses is not asked again for a week. */
	no_include_usage?: boolean
	/** Origin is where it comes from: declared in the config, and read-only, or stored. */
	origin?: string
	/** Password is the admin password, which is asked for where a change lets stored keys go to another scheme, host, port or proxy. Only ever given, never shown. */
	password?: string
	/** Priority decides first: a channel of a higher priority is used as long as it can be. Default 0; may be negative. */
	priority?: number
	/** Protocols are the wire formats the URLs speak, in order of preference: anthropic, openai, responses, gemini. Default: those of the provider; for a channel without provider all of them, and what an address does not speak is learned from its answers. */
	protocols?: string[] | null
	/** Provider is a preset: base URL, protocols and the way it wants its credential, e.g. anthropic, openai, gemini, openrouter. Either a provider or at least one URL is needed; URLs given here replace the preset's. */
	provider?: string
	/** Proxy is a forward proxy for this channel: http, https, socks5 or socks5h URL. Default: the environment's (HTTPS_PROXY). "off" for none. */
	proxy?: string
	/** Region is where the upstream works on a call, for vendors that take more for it: eu or us for OpenAI's regional processing, or an Azure data zone. What an answer says of its region goes before it. Default: what the address says, as eu.api.openai.com does, else none. */
	region?: string
	/** RPM limits requests per minute (a sliding minute). Default 0: no limit. */
	rpm?: number
	/** TLSInsecureSkipVerify accepts any certificate. Only for tests. */
	tls_insecure_skip_verify?: boolean
	/** TPM limits tokens per minute, input and output (a sliding minute). A call counts with what it is expected to use, and with what it used when it has ended. Default 0: no limit. */
	tpm?: number
	/** TransportRaw is a transport module of Caddy's reverse_proxy that sends the channel's requests instead of the gateway's own: for a certificate authority or a client certificate of one's own, another server name, or HTTP/3 (versions 3, which goes with no other). It is written as in reverse_proxy, and serves calls, checks, tests and lists of models alike. Only the config may have one, because modules read files. What the gateway's own transport does beside, a module does not: names are not kept from resolving to private addresses; connect_timeout does not count but the module's dial_timeout (3 seconds unless it says otherwise); the proxy is that of the environment or of network_proxy; and with HTTP/3 the records of calls do not tell how long name, connection and TLS took. Placeholders of requests are empty in it, because calls share connections. Default: the gateway's own transport. */
	transport?: unknown
	/** when it was changed last; empty if it is declared */
	updated?: string
	/** URLs are base addresses of the service, all equal; the faster healthy one is used. A trailing /v1 may be left out or written. A trailing # means: use the address as it is, append no endpoint path. Other forms: see url. */
	urls?: ConfigURL[] | null
	/** Weight is the share among channels of the same priority, multiplied by the number of usable keys. Default 1; 0 to 10000. 0 is standby: the channel serves only while no other of its priority can. */
	weight?: number | null
}

export interface ChannelHealth {
	/** that were made on it */
	attempts: number
	/** that it served or was the last to fail */
	calls: number
	/** what became of the calls, the most first */
	ended: EndedAs[] | null
	/** steps that had attempts, the oldest first */
	series: HealthStep[] | null
	/** begin of the range */
	since: string
	/** width of a step of the series */
	step_ns: number
	/** end of the range */
	until: string
}

export interface ChannelView {
	/** its settings */
	config: ChannelConfig
	/** null: it is not used, see the log */
	state: Channel | null
}

export interface Cleared {
	/** how many cooldowns ended */
	cleared: number
}

export interface CooldownOrder {
	/** its name; empty if a group cools down */
	channel?: string
	/** of channels that share one account */
	group?: string
	/** fingerprint */
	key?: string
	/** as the upstream names it */
	model?: string
	/** spoken at the address */
	protocol?: string
	/** what cools down: the kind of thing that the other fields name */
	scope: string
	/** from now on; 1 to 31622400, which is a year */
	seconds: number
	/** address of the channel */
	url?: string
}

export interface CostColumn {
	/** a value of the dimension, 2026-01-31 of days; empty: none, such as no channel */
	name: string
	/** of all rows */
	sum: CostSum
}

export interface CostLine {
	/** one for each column, then one for the rest of them if there is one; null: no calls */
	cells: (CostSum | null)[] | null
	/** a value of the dimension; empty: none, such as no channel */
	name: string
	/** of all columns */
	sum: CostSum
}

export interface CostStep {
	/** one for each stack */
	costs_usd: number[] | null
	/** of what is in no stack */
	rest_usd: number
	/** of the step */
	start: string
}

export interface CostSum {
	/** that have ended */
	calls: number
	/** with multipliers of channels */
	cost_usd: number
	/** by list prices */
	list_cost_usd: number
	/** Share is its part of the cost of the range, 0 to 1; absent where nothing was spent, and of cells. */
	share?: number | null
	/** of prompts and answers */
	tokens: number
	/** calls of which a part has no price */
	unpriced: number
}

export interface Costs {
	/** the costliest first; days in their order */
	column_list: CostColumn[] | null
	/** dimension of the columns */
	columns?: string
	/** their sum */
	rest_column?: CostColumn | null
	/** how many */
	rest_columns: number
	/** their sum */
	rest_row?: CostLine | null
	/** What is not listed, because it was asked for fewer rows or columns. */
	rest_rows: number
	/** the costliest first; days in their order */
	row_list: CostLine[] | null
	/** dimension */
	rows: string
	/** steps that had calls, the oldest first */
	series: CostStep[] | null
	/** begin of the range */
	since: string
	/** names of what is stacked in each step, the costliest first: of the rows, or of the columns where rows are days */
	stacks: string[] | null
	/** width of a step of the series; 0: there is none */
	step_ns?: number
	/** the sum of the range */
	total: CostSum
	/** the most calls first */
	unpriced: UnpricedModel[] | null
	/** end of the range */
	until: string
}

export interface EditsAnswer {
	/** in JSON */
	body: string
}

export interface EditsQuestion {
	/** a request's, in JSON */
	body: string
	/** paths of fields that it removes */
	body_remove: string[] | null
	/** fields that the channel sets */
	body_set: ConfigBodyField[] | null
}

export interface EndOrder {
	/** Reason is told to the client and stands in the call's record; at most 200 bytes, may be empty. */
	reason?: string
}

export interface EndedAs {
	/** how many */
	calls: number
	/** ok, limited, caller or failed */
	class: string
	/** of these calls */
	cost_usd: number
	/** such as ok or rate_limited */
	outcome: string
	/** of all its calls, 0 to 1 */
	share: number
}

export interface Explanation {
	/** channels that serve the model, and why one is left out */
	candidates: AiCandidate[] | null
	/** that was asked for */
	model: string
	/** the target; left out if there is none */
	next?: AiTarget | null
	/** channels that do not serve the model */
	not_serving: string[] | null
	/** the selection policy of the site */
	policy: string
	/** why no target was found */
	problem?: string
	/** of the client */
	protocol: string
	/** the hosts of the site that is meant */
	site?: string
	/** an alias has one per model, tried in order */
	stages: Stage[] | null
	/** why the policy chose it */
	why?: string
}

export interface ExportOrder {
	/** json (default), csv, which has channels only, or caddyfile */
	format?: string
	/** the admin password; needed for secrets */
	password?: string
	/** with upstream keys and the hashes of tokens */
	secrets?: boolean
}

export interface Health {
	/** what the caller did wrong is not counted */
	attempts: number
	/** attempts that failed in another way */
	failed: number
	/** rate limited, out of quota, overloaded */
	limited: number
	/** Minutes that had attempts: four numbers each, the minute (0 is the oldest of 60, 59 the one that runs), ok, limited and failed. */
	minutes: number[] | null
	/** attempts with a good answer */
	ok: number
	/** the part of the attempts with a good answer, 0 to 1; absent where there were none */
	success?: number | null
}

export interface HealthStep {
	/** all that were made on it */
	attempts: number
	/** the caller's fault, the caller hung up, or an operator ended it */
	caller: number
	/** calls that failed in another way */
	failed: number
	/** of calls that went well */
	first_content_p50_ns?: number
	/** of calls that went well */
	first_content_p95_ns?: number
	/** of calls that went well */
	first_content_p99_ns?: number
	/** calls that ended rate limited, out of quota or overloaded */
	limited: number
	/** calls with a good answer */
	ok: number
	/** attempts after which the call was tried again, here or elsewhere */
	passed_on: number
	/** of the step */
	start: string
}

export interface ImportChange {
	/** add, change, same */
	action: string
	/** the settings that are different */
	fields?: string[] | null
	/** channel, token or alias */
	kind: string
	/** of the thing */
	name: string
}

export interface ImportLine {
	/** what it is here; empty: it is not taken over */
	becomes?: string
	/** its place and name in the file */
	from: string
	/** where it stands, from 1 */
	line?: number
	/** why not, or what is different here */
	note?: string
}

export interface ImportProblem {
	/** stable, for programs: invalid, twice, secret_taken, unsupported, unreadable, or that of a problem, such as declared or name_taken */
	code: string
	/** the setting that is wrong */
	field?: string
	/** of the file, from 1; 0 if it has none */
	line?: number
	/** what is wrong, and what to do */
	message: string
	/** of the thing */
	name?: string
}

export interface ImportResult {
	/** how many things are new */
	added: number
	/** how many things are different now */
	changed: number
	/** what becomes of each thing */
	changes: ImportChange[] | null
	/** nothing was changed */
	dry_run: boolean
	/** that was recognised */
	format: string
	/** of another system's file: what becomes of each thing */
	lines?: ImportLine[] | null
	/** what else there is to know of the file */
	notes: string[] | null
	/** rows that cannot be used */
	problems: ImportProblem[] | null
	/** how many things were like this before */
	same: number
}

export interface Journal {
	/** records in memory */
	depth: number
	/** records that nothing could keep */
	lost: number
	/** Problem says why the journal cannot be written now, and what to do; empty if it can. Calls go on, but a process that is killed loses what is in memory. */
	problem?: string
	/** records on disk, while the store is away */
	spooled: number
	/** records since the process began */
	written: number
}

export interface Key {
	/** names the key without telling it */
	fingerprint: string
	/** attempts under way */
	in_flight: number
	/** the last four characters of the key */
	last_four?: string
	/** its rate limit is nearly used up */
	low?: boolean
	/** when its cooldown ends */
	until?: string
	/** it does not cool down */
	usable: boolean
}

export interface KeyChange {
	/** those that the channel has already, or that stand there twice, are left out */
	add?: KeyConfig[] | null
	/** fingerprints of keys that are kept and not used */
	disable?: string[] | null
	/** fingerprints of keys that are used again */
	enable?: string[] | null
	/** Notes of keys, by fingerprint; an empty one takes a note away. */
	notes?: Record<string, string> | null
	/** fingerprints of keys that are removed */
	remove?: string[] | null
}

export interface KeyChanged {
	/** fingerprints, in the order they were given */
	added: string[] | null
	/** keys that were not added, because they are there */
	doubles: number
	/** how many there are now */
	keys: number
	/** keys that were removed */
	removed: number
}

export interface KeyConfig {
	/** the key is kept and not used */
	disabled?: boolean
	/** names the key without telling it */
	fingerprint?: string
	/** only ever given, never shown */
	key?: string
	/** the last four characters of the key */
	last_four?: string
	/** at most 512 bytes */
	note?: string
}

export interface LiveCalls {
	/** in the order in which they ended */
	calls: AiRecord[] | null
	/** calls that were too many to be told */
	left_out: number
}

export interface LiveChange {
	/** what began or ceased to cool down here */
	cooling?: HealthChange | null
	/** another node has changed what cools down: ask anew */
	resting?: boolean
	/** of the stored configuration */
	revision?: number
}

export interface LiveJournal {
	/** records in memory */
	depth: number
	/** records that nothing could keep */
	lost: number
	/** records on disk, while the store is away */
	spooled: number
	/** records since the process began */
	written: number
}

export interface LiveMetrics {
	/** that have ended since the process began */
	calls: number
	/** how many things cool down */
	cooling: number
	/** since the process began */
	cost_usd: number
	/** of them, without those that the client ended */
	failed: number
	/** calls under way */
	in_flight: number
	/** since the process began */
	input_tokens: number
	/** what waits to be written to the store */
	journal: LiveJournal
	/** since the process began */
	output_tokens: number
	/** of these numbers */
	time: string
}

export interface LiveSnapshot {
	/** that have ended since the process began */
	calls: number
	/** those in use, and their state */
	channels: Channel[] | null
	/** how many things cool down */
	cooling: number
	/** since the process began */
	cost_usd: number
	/** of them, without those that the client ended */
	failed: number
	/** calls under way */
	in_flight: number
	/** since the process began */
	input_tokens: number
	/** what waits to be written to the store */
	journal: LiveJournal
	/** since the process began */
	output_tokens: number
	/** of the stored configuration */
	revision: number
	/** of these numbers */
	time: string
}

export interface Login {
	/** of a login link, good for one login within ten minutes */
	code?: string
	/** the admin password; or token, or code */
	password?: string
	/** the secret of a client token */
	token?: string
}

export interface Models {
	/** names, sorted */
	models: string[] | null
}

export interface Node {
	/** it was not heard of for half a minute and did not take its leave; after a day it is left out */
	away?: boolean
	/** another one each time it begins */
	id: string
	/** of its machine */
	name: string
	/** when it was heard of last */
	seen: string
	/** it is the one that answers */
	self?: boolean
	/** when it began */
	since: string
	/** of its program */
	version: string
}

export interface Option {
	/** what it means */
	doc?: string
	/** of the JSON field */
	name: string
	/** text, number, yes_no, list, map, object */
	type: string
}

export interface Overview {
	/** all that have ended in the range */
	calls: number
	/** CallsPerSecond is how many calls ended each second of the range, or of the part of it that is over, a minute at least. */
	calls_per_second: number
	/** in the order of the config */
	channels: OverviewChannel[] | null
	/** by the day of budgets */
	cost_today_usd: number
	/** ErrorShare is the part of the calls, 0 to 1, that failed by no fault of the caller; absent where there were no calls. */
	error_share?: number | null
	/** what all channels together may cost; 0: not all are limited */
	limit_today_usd?: number
	/** OutputPerSecond is the same of tokens of answers. */
	output_tokens_per_second: number
	/** SavedShare is the part of the calls, 0 to 1, that went well only after an attempt that did not; absent where there were no calls. */
	saved_share?: number | null
	/** steps that had calls, the oldest first */
	series: OverviewStep[] | null
	/** begin of the range */
	since: string
	/** width of a step of the series */
	step_ns: number
	/** the sum of the range */
	total: OverviewStep
	/** end of the range */
	until: string
}

export interface OverviewChannel {
	/** by the day of budgets */
	cost_today_usd: number
	/** ExpectedShare is the part of calls that would go to it first, 0 to 1, by the priorities, weights, limits and cooldowns of this moment, if what is asked for is as it was in the last hour, or in the last day where that had no calls. Absent where there were none, or where the policy goes by speed or sites choose differently, so that nobody can say. */
	expected_share?: number | null
	/** of the range */
	first_content_p95_ns?: number
	/** the last hour, whatever the range */
	hour: Health
	/** what it may cost; 0: no limit */
	limit_today_usd?: number
	/** of the channel */
	name: string
	/** calls of the range that it answered or was the last to fail */
	served: number
	/** Share is the part of the range's calls that it served, 0 to 1, of those that reached a channel; absent where none did. */
	share?: number | null
	/** Speed is the output tokens per second that its calls took, from their arrival to their end; 0 where nothing is known. */
	tokens_per_second?: number
}

export interface OverviewStep {
	/** the caller's fault, the caller hung up, or an operator ended it */
	caller: number
	/** of all calls */
	cost_usd: number
	/** no attempt was good, and the caller is not at fault */
	failed: number
	/** ok, after an attempt that was not: what the gateway saved */
	failed_over: number
	/** of calls that went well */
	first_content_p50_ns?: number
	/** of calls that went well */
	first_content_p95_ns?: number
	/** of calls that went well */
	first_content_p99_ns?: number
	/** at the first attempt */
	ok: number
	/** tokens of answers */
	output_tokens: number
	/** of the step; empty in a sum */
	start?: string
}

export interface OwnMetrics {
	/** of the token; null: it may not be used any more */
	budget: Budget | null
	/** of these numbers */
	time: string
}

export interface Play {
	/** Body is the request as a client would send it there. */
	body: unknown
	/** Channel is the only channel that may serve it; empty: as the site decides. */
	channel?: string
	/** Path is the endpoint, such as /v1/messages; default /v1/chat/completions. */
	path?: string
	/** Site is a host of the site that serves it; needed where sites differ. */
	site?: string
	/** Token is the name of the client token that makes the call and whose limits and budgets count it. Empty: the operator makes it, without any limit but those of channels. */
	token?: string
}

export interface Priced {
	/** of all parts */
	cost: {
		/** the vendor's figure and ours differ by more than a tenth */
		drifted?: boolean
		/** by the catalogue of prices, before the multiplier */
		list_usd: number | null
		/** the channel's; left out if it has none */
		multiplier?: number
		/** the answer named a service tier that has no row; the standard one priced it */
		other_tier?: boolean
		/** id of the catalogue's row that priced it */
		price?: string
		/** something was used that no row prices; it is not in the amounts */
		unpriced?: boolean
		/** what counts against budgets: the vendor's own figure, or else the list price, times the channel's multiplier */
		usd: number | null
	}
	/** the parts of the price */
	lines: PricingLine[] | null
}

export interface PricedAttempt {
	/** its place in the call, from 0 */
	attempt: number
	/** not what was recorded: prices have changed since */
	changed: boolean
	/** the parts of the price */
	lines: PricingLine[] | null
	/** what the lines come to */
	list_usd: number
	/** as the upstream names it */
	model: string
}

export interface Problem {
	/** stable, for programs */
	code: string
	/** the setting that is wrong, where one is */
	field?: string
	/** what happened and what to do, for people */
	message: string
}

export interface Removed {
	/** always true */
	done: boolean
}

export interface Rotation {
	/** how many were sealed anew */
	channels: number
	/** which key seals now */
	key: string
}

export interface RulesAnswer {
	/** with the rules */
	outcome: AiOutcome
	/** which of the rules decides, from 1; 0: none of them */
	rule?: number
	/** by the built-in table alone */
	without: AiOutcome
}

export interface RulesQuestion {
	/** of the answer */
	body: string
	/** of the answer, such as Retry-After */
	header?: Record<string, string> | null
	/** the rules to try, in their order */
	rules: ConfigCooldownRule[] | null
	/** of the answer, 100 to 599 */
	status: number
}

export interface RunningCall {
	/** of the answer that the client was given so far */
	answer_bytes: number
	/** when that attempt began */
	attempt_time?: string
	/** targets tried so far, the one at hand included */
	attempts: number
	/** where it came from */
	client_ip?: string
	/** from its arrival to the first content that the client got; 0: none yet */
	first_content_ns?: number
	/** of the call */
	id: string
	/** as the client named it */
	model: string
	/** what was asked for, such as generate */
	operation: string
	/** it was made in the dashboard's playground */
	playground?: boolean
	/** the client speaks it */
	protocol: string
	/** choosing, waiting, streaming or ending */
	state: string
	/** the client asked for a stream */
	stream: boolean
	/** that is tried now; left out before the first */
	target?: AiTarget | null
	/** when it arrived */
	time: string
	/** the client token's name; empty for an operator's call */
	token: string
	/** the client's, shortened */
	user_agent?: string
}

export interface RunningCalls {
	/** the oldest first */
	calls: RunningCall[] | null
	/** how many there are, also those that are not listed */
	total: number
}

export interface Session {
	/** moment at which the login ends (RFC 3339) */
	expires?: string
	/** an admin password is configured */
	password: boolean
	/** operator, holder, or empty for nobody */
	role: string
	/** the name of the holder's token */
	token?: string
	/** of the program; told to those who are logged in */
	version?: string
}

export interface SettingsConfig {
	/** Capture keeps the bodies of calls for a short time, to find out why something goes wrong. Default: off. */
	capture?: ConfigCapture | null
	/** names of the settings that the config declares */
	declared: string[] | null
	/** Defaults are what counts where a setting is absent. */
	defaults: ConfigSettings
	/** Retention bounds the log of calls. Default: 30 days and 2 GiB. */
	retention?: ConfigRetention | null
}

export interface Spent {
	/** what they may cost; 0: no limit */
	limit_usd?: number
	/** when it begins at 0 again; empty: never */
	resets?: string
	/** what calls have cost */
	spent_usd: number
}

export interface Stage {
	/** that serve it */
	channels: string[] | null
	/** of the alias, or the one that was asked for */
	model: string
}

export interface Statistics {
	/** dimensions that are grouped by */
	by: string[] | null
	/** in the order of time, then of the dimensions */
	rows: StatisticsRow[] | null
	/** begin of the range */
	since: string
	/** width of a bucket; 0: one sum */
	step_ns?: number
	/** end of the range */
	until: string
}

export interface StatisticsRow {
	/** of calls; by channel or key: those it was asked in, also where another served */
	attempts: number
	/** written to a prompt cache */
	cache_write_tokens: number
	/** read from a prompt cache */
	cached_input_tokens: number
	/** that have ended; by channel or key: those that it served or was the last to fail */
	calls: number
	/** of all attempts, each where it was made, with multipliers of channels */
	cost_usd: number
	/** median; with quantiles only */
	duration_p50_ns?: number
	/** with quantiles only */
	duration_p95_ns?: number
	/** with quantiles only */
	duration_p99_ns?: number
	/** calls whose tokens were counted here, at the first such attempt */
	estimated: number
	/** good calls whose first attempt was not */
	failed_over: number
	/** median; with quantiles only */
	first_content_p50_ns?: number
	/** with quantiles only */
	first_content_p95_ns?: number
	/** with quantiles only */
	first_content_p99_ns?: number
	/** of all attempts, each where it was made; cached ones included */
	input_tokens: number
	/** of the same by list prices */
	list_cost_usd: number
	/** of the calls */
	mean_duration_ns?: number
	/** of the calls that had content */
	mean_first_content_ns?: number
	/** reasoning included */
	output_tokens: number
	/** of the output */
	reasoning_tokens: number
	/** of the step */
	start?: string
	/** calls that asked for a stream */
	streams: number
	/** calls of which a part has no price, at the first attempt that has none */
	unpriced: number
	/** of the dimensions that are grouped by */
	values?: Record<string, string> | null
}

export interface Status {
	/** how many are in use */
	channels: number
	/** how many things cool down */
	cooling: number
	/** calls under way */
	in_flight: number
	/** what waits to be written to the store */
	journal: Journal
	/** gateways that use the same database, this one included, the oldest first */
	nodes: Node[] | null
	/** Sites is a host of each site with the ccload handler, by which the playground and the explanation of a call name the site. */
	sites: string[] | null
	/** how the gateway stands with its database */
	store: StoreStatus
	/** how many are in use */
	tokens: number
}

export interface StoreStatus {
	/** why it is away or refused */
	error?: string
	/** when that began */
	since: string
	/** what was spent has been read; until then budgets refuse, unless serve_unmetered is set */
	spending_known: boolean
	/** opening, open, away or refused */
	state: string
	/** stored channels and tokens have been read; until then only declared ones count, and an unknown token is answered 503 */
	stored_known: boolean
}

export interface TestAnswer {
	/** what it cost */
	cost: {
		/** the vendor's figure and ours differ by more than a tenth */
		drifted?: boolean
		/** by the catalogue of prices, before the multiplier */
		list_usd: number | null
		/** the channel's; left out if it has none */
		multiplier?: number
		/** the answer named a service tier that has no row; the standard one priced it */
		other_tier?: boolean
		/** id of the catalogue's row that priced it */
		price?: string
		/** something was used that no row prices; it is not in the amounts */
		unpriced?: boolean
		/** what counts against budgets: the vendor's own figure, or else the list price, times the channel's multiplier */
		usd: number | null
	}
	/** of the whole test */
	duration_ns: number
	/** until the first content came; 0 if none did */
	first_content_ns?: number
	/** of the call that it was */
	id: string
	/** fingerprint of the key that was used */
	key?: string
	/** what went wrong */
	message?: string
	/** as a client names it */
	model: string
	/** the answer was a good one */
	ok: boolean
	/** what became of it, such as ok or rate_limited */
	outcome: string
	/** the one that was spoken */
	protocol: string
	/** something cools down until then because of it */
	rested?: string
	/** HTTP status of the upstream; 0 if it gave none */
	status?: number
	/** the beginning of the answer */
	text?: string
	/** Speed is the output tokens per second from the first content on; 0 where that is not known, as of an answer that came whole. */
	tokens_per_second?: number
	/** as the channel's upstream names it */
	upstream_model: string
	/** address that was asked */
	url: string
	/** tokens that it used */
	usage: AiUsage
}

export interface TestQuestion {
	/** its name */
	channel: string
	/** fingerprint; default: one that may be used */
	key?: string
	/** client's names; none: every one that is written out */
	models?: string[] | null
	/** at most 4 KiB; default: hi */
	prompt?: string
	/** default: the channel's first */
	protocol?: string
	/** ask for a stream */
	stream?: boolean
	/** default: one that may be used */
	url?: string
}

export interface TokenConfig {
	/** Budget is how much the token's calls may cost. When it is used up, they are refused until it begins anew. */
	budget?: ConfigBudget
	/** Channels the token may use, by name. Default: all. */
	channels?: string[] | null
	/** when it was made; empty if it is declared */
	created?: string
	/** Disabled refuses the token without removing it. */
	disabled?: boolean
	/** ExceptChannels the token may not use, by name. Not together with Channels. */
	except_channels?: string[] | null
	/** Expires is the day (YYYY-MM-DD, UTC, inclusive) or moment (RFC 3339) after which the token is refused. Default: never. */
	expires?: string
	/** ExposeRoute shows this token's holder which channel served, in response headers, also where the handler does not. */
	expose_route?: boolean
	/** LastFour characters of the secret. */
	last_four?: string
	/** MaxConcurrency limits requests under way. Default 0: no limit. */
	max_concurrency?: number
	/** Models the token may use: exact names or patterns with *. Default: all. */
	models?: string[] | null
	/** Name identifies the token in logs and statistics. Unique. Required. The name "anonymous" with no secret admits requests without any credential. */
	name: string
	/** NewSecret asks for another secret, made by the gateway. */
	new_secret?: boolean
	/** declared in the config, and read-only, or stored */
	origin?: string
	/** RPM limits requests per minute (a sliding minute). Default 0: no limit. */
	rpm?: number
	/** Secret is what the client sends, at least 16 characters; placeholders such as {env.TOKEN} are replaced; a file is looked at every second. Only its hash is kept. */
	secret?: string
	/** SecretFile is a file that holds the secret, where none is written: it is made once, with a random secret and readable by its owner only, when the gateway starts and it is not there. A relative path is one in ccload/tokens in Caddy's data directory; "default" is the token's own file there. caddy ccload token show prints the secret. */
	secret_file?: string
	/** SecretHash is the SHA-256 of the secret in lower-case hexadecimal, instead of the secret itself: so the config holds nothing that opens the gateway. */
	secret_sha256?: string
	/** TPM limits tokens per minute, input and output (a sliding minute). A call counts with what it is expected to use, and with what it used when it has ended. Default 0: no limit. */
	tpm?: number
	/** when it was changed last; empty if it is declared */
	updated?: string
	/** UpstreamCounts lets the holder have tokens counted by the upstream: a request to count that carries the header X-Ccload-Count: upstream is sent there. All others are counted by the gateway itself. */
	upstream_counts?: boolean
}

export interface TokenUse {
	/** LastUsed is when its last call arrived that is still in the log; absent if there is none. */
	last_used?: string
	/** of the token */
	name: string
}

export interface URL {
	/** spoken there */
	protocols: string[] | null
	/** when its cooldown ends */
	until?: string
	/** the address */
	url: string
	/** it does not cool down */
	usable: boolean
}

export interface UnpricedModel {
	/** of which a part has no price */
	calls: number
	/** its name in the statistics */
	model: string
}

export interface AiAttempt {
	/** what it cost */
	cost: {
		/** the vendor's figure and ours differ by more than a tenth */
		drifted?: boolean
		/** by the catalogue of prices, before the multiplier */
		list_usd: number | null
		/** the channel's; left out if it has none */
		multiplier?: number
		/** the answer named a service tier that has no row; the standard one priced it */
		other_tier?: boolean
		/** id of the catalogue's row that priced it */
		price?: string
		/** something was used that no row prices; it is not in the amounts */
		unpriced?: boolean
		/** what counts against budgets: the vendor's own figure, or else the list price, times the channel's multiplier */
		usd: number | null
	}
	/** making its connection; left out where it was open already */
	dialing?: AiDialing | null
	/** fields of the request that cannot be said there and change nothing of what is meant */
	dropped?: string[] | null
	/** from its start to its end */
	duration_ns: number
	/** from its start to the answer's headers; 0 if there were none */
	first_byte_ns?: number
	/** from its start to the first content; 0 if there was none */
	first_content_ns?: number
	/** what came of it */
	outcome: AiOutcome
	/** it was the single probe of a resting target */
	probe?: boolean
	/** what the target was asked in, if not the client's */
	protocol?: string
	/** something rests until then because of it */
	rested?: string
	/** upstream's request id */
	server_id?: string
	/** since the call arrived */
	start_ns: number
	/** the model that answered, as upstream names it, where it is another than was sent */
	substituted?: string
	/** what was asked */
	target: AiTarget
	/** what it used */
	usage: AiUsage
	/** why this target was picked */
	why: string
}

export interface AiCandidate {
	/** its name */
	channel: string
	/** what rests, which hours, which limit */
	detail?: string
	/** why it was left out; Eligible if it was not */
	reason: string
	/** when the reason ends, if known */
	until?: string
}

export interface AiDialing {
	/** until the connection stood */
	connect_ns?: number
	/** resolving the name; 0 for an address */
	dns_ns?: number
	/** the handshake; 0 for http, and where it did not come to it */
	tls_ns?: number
}

export interface AiModelUsage {
	/** its name */
	model: string
	/** what it used */
	usage: AiUsage
}

export interface AiOutcome {
	/** upstream's own error code or type */
	code?: string
	/** what happened */
	kind: string
	/** Message is upstream's error text, shortened, secrets removed. For operators; a client sees it only where the fault is the caller's. */
	message?: string
	/** Retry says that another target may be tried. */
	retry: boolean
	/** the row of the table or the custom rule that decided */
	rule?: string
	/** what is to blame, and rests */
	scope: string
	/** upstream's HTTP status, 0 if there was none */
	status?: number
	/** rest until then, if upstream said so */
	until?: string
}

export interface AiRecord {
	/** of the body that the client got */
	answer_bytes: number
	/** in the order they were made */
	attempts: AiAttempt[] | null
	/** channels that serve the model, and why one was left out */
	candidates: AiCandidate[] | null
	/** the channel that served, empty if none did */
	channel?: string
	/** the client's address, as trusted_proxies make it known */
	client_ip?: string
	/** of all attempts together */
	cost: {
		/** the vendor's figure and ours differ by more than a tenth */
		drifted?: boolean
		/** by the catalogue of prices, before the multiplier */
		list_usd: number | null
		/** the channel's; left out if it has none */
		multiplier?: number
		/** the answer named a service tier that has no row; the standard one priced it */
		other_tier?: boolean
		/** id of the catalogue's row that priced it */
		price?: string
		/** something was used that no row prices; it is not in the amounts */
		unpriced?: boolean
		/** what counts against budgets: the vendor's own figure, or else the list price, times the channel's multiplier */
		usd: number | null
	}
	/** of the budgets it counts against, YYYYMMDD */
	day?: number
	/** from its arrival to its end */
	duration_ns: number
	/** from its arrival to the first content that the client got; 0 if there was none */
	first_content_ns?: number
	/** of the call, as in X-Ccload-Request-Id */
	id: string
	/** what went wrong, for people */
	message?: string
	/** as the client named it */
	model: string
	/** what was asked for, such as generate */
	operation: string
	/** of the whole call */
	outcome: string
	/** an operator made it in the dashboard's playground */
	playground?: boolean
	/** the selection policy that chose */
	policy?: string
	/** the client speaks it */
	protocol: string
	/** of the client's body */
	request_bytes: number
	/** id of a response stored upstream */
	response_id?: string
	/** status the client got; 499 when it hung up */
	status: number
	/** the client asked for a stream */
	stream: boolean
	/** when the request arrived */
	time: string
	/** the client token's name */
	token: string
	/** as the upstream that served names it */
	upstream_model?: string
	/** of all attempts together; of the one that answered: usage of the last of attempts */
	usage: AiUsage
	/** the client's, shortened */
	user_agent?: string
}

export interface AiTarget {
	/** channel name */
	channel: string
	/** fingerprint of the upstream key, never the key; empty for a channel without keys */
	key?: string
	/** upstream's name of the model */
	model: string
	/** base URL as configured */
	url: string
}

export interface AiUsage {
	/** part of Input that was audio */
	audio_input?: number
	/** length of a recording in milliseconds, where the provider says it */
	audio_ms?: number
	/** part of Output that is audio */
	audio_output?: number
	/** Beside is what other models used for this answer and are billed for: an advisor, an image tool. It is not part of the numbers above. */
	beside?: AiModelUsage[] | null
	/** part of Input written to a prompt cache, any lifetime; some vendors bill tokens as read and as written */
	cache_write?: number
	/** part of CacheWrite with a lifetime of one hour */
	cache_write_1h?: number
	/** part of both CachedInput and AudioInput */
	cached_audio?: number
	/** part of both CachedInput and ImageInput */
	cached_image?: number
	/** part of Input read from a prompt cache */
	cached_input?: number
	/** of a text that was spoken, where no tokens were counted */
	characters?: number
	/** numbers contradicted each other, and were cut to what can be */
	doubtful?: boolean
	/** some of the numbers were counted here, because the provider sent none */
	estimated?: boolean
	/** size and quality that were asked for, as in "1024x1024" or "1024x1024/hd"; empty: what the vendor does by itself */
	image_form?: string
	/** part of Input that was images or documents */
	image_input?: number
	/** part of Output that is images */
	image_output?: number
	/** images that were made */
	images?: number
	/** all input, cached and cache-writing included */
	input: number
	/** all output, reasoning included */
	output: number
	/** part of Output spent on reasoning */
	reasoning?: number
	/** where it was served, as the provider or the channel says, if that has a price: "us" */
	region?: string
	/** the provider sent usage at all */
	reported: boolean
	/** how much a search took in, where the fee depends on it: "low", "medium", "high" */
	search_size?: string
	/** tier the provider says it used; "fast" for Anthropic's fast mode */
	service_tier?: string
	/** it is billed, and neither the request nor the answer says for how much */
	unmeasured?: boolean
	/** the answer says what it cost */
	vendor_costed?: boolean
	/** VendorCost is the price the vendor itself named in its answer, if VendorCosted: what a gateway or reseller takes from the account. */
	vendor_usd?: number
	/** searches the provider ran itself, each with a fee */
	web_searches?: number
}

export interface ConfigBodyField {
	/** Path is a top-level name or a dotted path; a number is an index. */
	path: string
	/** Value is any JSON value. It is sent with the very bytes written here. */
	value: unknown
}

export interface ConfigBudget {
	/** Day is the most that may be spent in a day of the app's time zone. Default 0: no limit. */
	day?: number
	/** Month is the most that may be spent in a month of the calendar. Default 0: no limit. */
	month?: number
	/** Total is the most that may ever be spent. Default 0: no limit. */
	total?: number
}

export interface ConfigCapture {
	/** Age after which a capture is forgotten. Default 15m; at most 7 days. */
	age?: number | string
	/** BodyBytes of each body that are kept. Default 256 KiB; at most 10 MiB. */
	body_bytes?: number
	/** Bytes of all captures together; the oldest are forgotten first. Default 64 MiB; at most 4 GiB. */
	bytes?: number
	/** Channels whose calls are captured, by name. Default: all. */
	channels?: string[] | null
	/** Enabled switches it on. Default off. */
	enabled?: boolean
	/** FailuresOnly keeps only the calls that did not end well. */
	failures_only?: boolean
	/** Tokens whose calls are captured, by name. Default: all. */
	tokens?: string[] | null
}

export interface ConfigCooldownRule {
	/** Body is a regular expression (RE2) the answer's text must match, at most 1024 characters. A group named "reset" captures when the cooldown ends. */
	body?: string
	/** For is how long it cools down if no reset is captured. At most 31 days; required where Body has no group named "reset". */
	for?: number | string
	/** Layout is the Go time layout of the captured reset, or one of unix, unix_ms, seconds, time_of_day. Default RFC 3339. */
	layout?: string
	/** Scope is what cools down: key, model or channel. Default key. */
	scope?: string
	/** Status codes the rule looks at. Default: any. */
	status?: number[] | null
	/** Zone is the IANA time zone of a captured reset without one. Default UTC. */
	zone?: string
}

export interface ConfigHeaderDown {
	/** Add adds values beside those that are there. */
	add?: Record<string, string[] | null> | null
	/** Delete takes headers of the upstream away that clients would get. */
	delete?: string[] | null
	/** Pass names headers of the upstream that clients get too. A * at the end stands for any ending, as in X-Acme-*. */
	pass?: string[] | null
	/** Set gives the answer a header of these values, whatever the upstream said. */
	set?: Record<string, string[] | null> | null
}

export interface ConfigHeaderOps {
	/** Add adds a value beside those that are there. */
	add?: Record<string, string[] | null> | null
	/** Delete removes headers. A * at the beginning, at the end or at both stands for any text, as in X-Acme-*; * alone is every header. */
	delete?: string[] | null
	/** Replace replaces parts of the values of a header, or of all headers where its name is *. */
	replace?: Record<string, ConfigHeaderReplacement[] | null> | null
	/** Set replaces a header, or creates it. */
	set?: Record<string, string[] | null> | null
}

export interface ConfigHeaderReplacement {
	/** Replace is what stands there instead; $1 is the first group of SearchRegexp. Default: nothing. */
	replace?: string
	/** Search is the text to look for. Either it or SearchRegexp is given. */
	search?: string
	/** SearchRegexp is the regular expression (RE2) to look for. */
	search_regexp?: string
}

export interface ConfigHealthCheck {
	/** Interval between checks of one channel. Default 5m; at least 10s. */
	interval?: number | string
	/** Model to ask, by the name clients use. Default: the first of the channel's that is no pattern. */
	model?: string
}

export interface ConfigHours {
	/** From is the first minute, HH:MM. A window may cross midnight. */
	from: string
	/** To is the first minute outside again, HH:MM; 24:00 is midnight. Equal to From: always. */
	to: string
	/** Zone is an IANA time zone such as Asia/Shanghai. Default UTC. */
	zone?: string
}

export interface ConfigRetention {
	/** Age after which a call is forgotten, as in "30d". Default 30 days, at least an hour; 0: no limit by age. */
	age?: number | string | null
	/** Bytes the database may grow to before the oldest calls are forgotten. Default 2 GiB; 0: no limit by size. */
	bytes?: number | null
}

export interface ConfigSettings {
	/** Capture keeps the bodies of calls for a short time, to find out why something goes wrong. Default: off. */
	capture?: ConfigCapture | null
	/** Retention bounds the log of calls. Default: 30 days and 2 GiB. */
	retention?: ConfigRetention | null
}

export interface ConfigURL {
	/** Protocols this address speaks. Default: the channel's. */
	protocols?: string[] | null
	/** URL is the base address, http or https, without credentials or fragment, and without a query but for Azure's api-version, which every call gets. The endpoint's path is appended to it:
| written | a client's /v1/messages goes to | |---------|---------------------------------| | `https://a.example` | `/v1/messages` | | `https://a.example/v1` | `/v1/messages`: a trailing /v1 may be left out or written | | `https://a.example/api/paas/v4` | `/api/paas/v4/messages`: another version replaces the client's | | `https://a.example/v1beta/openai` | `/v1beta/openai/messages`: so does Google's OpenAI address | | `https://a.example/anthropic` | `/anthropic/v1/messages`; if there is no such endpoint, `/anthropic/messages` is asked and remembered | | `https://a.example/openai/deployments/d?api-version=v` | `/openai/deployments/d/messages?api-version=v` | | `https://a.example/v1/messages` | `/v1/messages`: an endpoint that was pasted whole is cut to its base | | `https://a.example/inference/*` | `/inference/messages`: a trailing /* leaves the version out | | `https://a.example/any/path#` | `/any/path`: a trailing # takes the address as it is | */
	url: string
}

export interface HealthChange {
	/** Attention says that it will not heal by waiting: somebody has to act. */
	attention?: boolean
	/** its name; empty if a group cools down */
	channel?: string
	/** Failures in a row, less what has decayed. 0: it cools down as a precaution, because a rate-limit header of a good answer said that nothing is left. */
	failures: number
	/** of channels that share one account */
	group?: string
	/** fingerprint */
	key?: string
	/** what happened last */
	kind: string
	/** the upstream's, without secrets */
	message?: string
	/** as the upstream names it */
	model?: string
	/** spoken at the address */
	protocol?: string
	/** Recovered says that nothing cools down any more and nothing need be remembered: after a success, after Clear, or because its trouble was so long ago. */
	recovered: boolean
	/** Rule is the row of the table or the custom rule that decided last, or "headers". */
	rule?: string
	/** what cools down: the kind of thing that the other fields name */
	scope: string
	/** Since is when its trouble began. */
	since: string
	/** StatedUntil is the end that the upstream states, where that is so far away that it is probed before: an hour, six hours, and then daily after the first failure. */
	stated_until?: string
	/** Until is the end of the cooldown. In the past: it is due, one probe may try it. If StatedUntil is set it is the next probe. */
	until: string
	/** address of the channel */
	url?: string
}

export interface HealthEntry {
	/** Attention says that it will not heal by waiting: somebody has to act. */
	attention?: boolean
	/** its name; empty if a group cools down */
	channel?: string
	/** Failures in a row, less what has decayed. 0: it cools down as a precaution, because a rate-limit header of a good answer said that nothing is left. */
	failures: number
	/** of channels that share one account */
	group?: string
	/** fingerprint */
	key?: string
	/** what happened last */
	kind: string
	/** the upstream's, without secrets */
	message?: string
	/** as the upstream names it */
	model?: string
	/** spoken at the address */
	protocol?: string
	/** Rule is the row of the table or the custom rule that decided last, or "headers". */
	rule?: string
	/** what cools down: the kind of thing that the other fields name */
	scope: string
	/** Since is when its trouble began. */
	since: string
	/** StatedUntil is the end that the upstream states, where that is so far away that it is probed before: an hour, six hours, and then daily after the first failure. */
	stated_until?: string
	/** Until is the end of the cooldown. In the past: it is due, one probe may try it. If StatedUntil is set it is the next probe. */
	until: string
	/** address of the channel */
	url?: string
}

export interface HealthRef {
	/** its name; empty if a group cools down */
	channel?: string
	/** of channels that share one account */
	group?: string
	/** fingerprint */
	key?: string
	/** as the upstream names it */
	model?: string
	/** spoken at the address */
	protocol?: string
	/** what cools down: the kind of thing that the other fields name */
	scope: string
	/** address of the channel */
	url?: string
}

export interface PricingLine {
	/** per million tokens or characters, for a thousand searches, an image or an hour */
	price_usd: string
	/** tokens, searches, characters, images or seconds */
	quantity: number
	/** US dollars */
	usd: number
	/** which part of the usage, such as input */
	what: string
}

export interface PricingRow {
	/** for prompts of more tokens, as in >200000 or >=272000; empty: of any size */
	above: string
	/** US dollars for an hour of a recording */
	audio_hour: string
	/** default: as input */
	audio_input: string
	/** default: as output */
	audio_output: string
	/** for the shorter lifetime; default: as input */
	cache_write: string
	/** for the longer one; default: as cache_write */
	cache_write_long: string
	/** default: as cached_input */
	cached_audio: string
	/** default: as cached_input */
	cached_image: string
	/** default: as input */
	cached_input: string
	/** US dollars for a million characters that are spoken */
	characters: string
	/** first day (YYYY-MM-DD) or moment (RFC 3339) in UTC; empty: ever since */
	from: string
	/** US dollars for an image: 0.02, or by size and quality, the usual one first: 1024x1024:0.04 1024x1024/hd:0.08 */
	image: string
	/** images and documents; default: as input */
	image_input: string
	/** default: as output */
	image_output: string
	/** US dollars for a million tokens; default: unknown */
	input: string
	/** regular expression of the names it is for, from their beginning; default: the model's name */
	match: string
	/** the name the price is known by */
	model: string
	/** doubts */
	note: string
	/** US dollars for a million tokens; default: unknown */
	output: string
	/** vendor, or * for any */
	provider: string
	/** on token prices, if the answer or the channel says that it was bound to a region */
	region_factor: string
	/** US dollars for a thousand web searches: 10, or by what a search takes in, low:5 medium:8 high:12 */
	search_per_1k: string
	/** where the price was read */
	source: string
	/** service tier: standard (default), batch, flex, priority, fast */
	tier: string
	/** first day or moment at which it does not hold any more; empty: still */
	until: string
	/** hours in UTC, as in mon-fri 01:00-04:00; empty: always */
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
	"GET audit": { path: undefined; query: { before?: Param; channel?: Param; actor?: Param; action?: Param; kind?: Param; since?: Param; until?: Param; limit?: Param }; body: undefined; answer: AuditEntry[] | null }
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
	/** How a channel did in a range, step by step */
	"GET channels/{name}/health": { path: { name: Param }; query: { since?: Param; until?: Param; step?: Param }; body: undefined; answer: ChannelHealth }
	/** Add, remove, switch and note some keys of a channel */
	"POST channels/{name}/keys": { path: { name: Param }; query: undefined; body: Sent<KeyChange>; answer: KeyChanged }
	/** Ask the channel's upstream which models it has */
	"POST channels/{name}/models/fetch": { path: { name: Param }; query: undefined; body: undefined; answer: Models }
	/** Ask the channel for a short answer, of one or all its models */
	"POST channels/{name}/test": { path: { name: Param }; query: undefined; body: Sent<TestQuestion>; answer: TestAnswer[] | null }
	/** Everything that rests or failed lately */
	"GET cooling": { path: undefined; query: undefined; body: undefined; answer: HealthEntry[] | null }
	/** Let something rest */
	"POST cooling": { path: undefined; query: undefined; body: Sent<CooldownOrder>; answer: Removed }
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
	/** Events as they happen (Server-Sent Events): snapshot, metrics, channel, running, calls */
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
	/** Make a call as a client would, and answer with its answer; X-Ccload-Request-Id is its id */
	"POST playground": { path: undefined; query: undefined; body: Sent<Play>; answer: unknown }
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
	/** Calls under way, the oldest first, 500 at most */
	"GET running": { path: undefined; query: undefined; body: undefined; answer: RunningCalls }
	/** End a call under way; its client is told, and its record says who did it */
	"POST running/{id}/end": { path: { id: Param }; query: undefined; body: Sent<EndOrder>; answer: Removed }
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

/** The events of live, and their data. */
export interface Events {
	calls: LiveCalls
	channel: LiveChange
	metrics: LiveMetrics | OwnMetrics
	running: RunningCalls
	snapshot: LiveSnapshot | OwnMetrics
}
