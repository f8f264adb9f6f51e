package transfer

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/provider"
)

// LiteLLM's config.yaml, after docs.litellm.ai/docs/proxy/config_settings and
// docs.litellm.ai/docs/routing. Its deployments of one account become one
// channel, a name of several deployments is served by several channels, order
// is priority the other way round, and fallbacks become aliases.

// isLiteLLM recognises the file by the one list that it always has.
func isLiteLLM(n *node) bool { return n.get("model_list").is(nodeList) }

// litellmKeys are the variables that LiteLLM takes a key from where none is
// written, by provider (docs.litellm.ai/docs/providers).
var litellmKeys = map[string]string{
	"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY", "azure": "AZURE_API_KEY",
	"mistral": "MISTRAL_API_KEY", "codestral": "CODESTRAL_API_KEY", "groq": "GROQ_API_KEY", "deepseek": "DEEPSEEK_API_KEY", "xai": "XAI_API_KEY",
	"openrouter": "OPENROUTER_API_KEY", "together_ai": "TOGETHERAI_API_KEY", "fireworks_ai": "FIREWORKS_AI_API_KEY",
	"perplexity": "PERPLEXITYAI_API_KEY", "cerebras": "CEREBRAS_API_KEY", "nvidia_nim": "NVIDIA_NIM_API_KEY",
	"moonshot": "MOONSHOT_API_KEY", "zai": "ZAI_API_KEY", "dashscope": "DASHSCOPE_API_KEY", "volcengine": "VOLCENGINE_API_KEY",
	"minimax": "MINIMAX_API_KEY", "deepinfra": "DEEPINFRA_API_KEY", "sambanova": "SAMBANOVA_API_KEY", "github": "GITHUB_API_KEY",
}

// litellmParams are the fields of litellm_params that are taken over.
var litellmParams = []string{
	"model", "api_key", "api_base", "base_url", "api_version", "custom_llm_provider", "litellm_credential_name", "organization",
	"extra_headers", "rpm", "tpm", "max_parallel_requests", "weight", "order", "max_budget", "budget_duration",
}

// deployment is one element of model_list.
type deployment struct {
	at, from  string // the account it belongs to, and its place in the file
	line      int
	group     string // what clients ask for
	upstream  string
	vendor    vendor
	word      string // LiteLLM's name of the vendor
	channel   Channel
	order     int
	weight    float64
	notes     []string
	exclusive bool // its limits are of this deployment alone
}

type litellm struct {
	*mover
	credentials map[string]*node
	deployments []*deployment
	accounts    map[string][]*litellmChannel
	channels    []*litellmChannel
	names       *litellmNames
}

// litellmChannel is a channel that deployments are added to.
type litellmChannel struct {
	Channel
	deployments []*deployment
}

func moveLiteLLM(root *node) *File {
	l := &litellm{mover: newMover(FormatLiteLLM), credentials: make(map[string]*node), accounts: make(map[string][]*litellmChannel)}
	for _, c := range root.get("credential_list").list() {
		l.credentials[c.get("credential_name").str()] = c.get("credential_values")
	}
	for i, n := range root.get("model_list").list() {
		l.read(i, n)
	}
	l.names = l.routes(root)
	l.group()
	for _, c := range l.channels {
		l.take(c)
	}
	l.aliases()
	l.settings(root)
	return l.done()
}

// read reads one deployment.
func (l *litellm) read(i int, n *node) {
	d := &deployment{line: n.at(), group: n.get("model_name").str(), from: path("model_list", i, n.get("model_name").str())}
	params := n.get("litellm_params")
	model := params.get("model").str()
	if d.group == "" || model == "" {
		l.refuse(d.line, d.from, d.group, "it needs model_name and litellm_params with model")
		return
	}
	problem := d.service(model, params.get("custom_llm_provider").str())
	if problem == "" {
		problem = d.address(params, l.credentials[params.get("litellm_credential_name").str()])
	}
	if problem == "" {
		problem = d.pattern()
	}
	if problem != "" {
		l.refuse(d.line, d.from, d.group, problem)
		return
	}
	d.limits(params)
	if params.get("api_version").set() {
		d.notes = append(d.notes, "api_version is not needed")
	}
	d.notes = append(d.notes, leftOut(params, litellmParams...))
	l.deployments = append(l.deployments, d)
}

// service finds whose model it is. LiteLLM writes provider/model; of a name
// without a provider it knows the vendor by its lists.
func (d *deployment) service(model, custom string) (problem string) {
	d.word, d.upstream, _ = strings.Cut(model, "/")
	switch _, problem := findVendor(d.word); {
	case custom != "":
		d.word, d.upstream = custom, strings.TrimPrefix(model, custom+"/")
	case d.upstream == "" || problem != "" && notOffered[d.word] == "":
		if word := vendorOf(model); word != "" {
			d.word, d.upstream = word, model
		} else if d.upstream == "" {
			return "the model's provider is not known: write it before the model's name, as in openai/" + told(model)
		}
	}
	if d.word == "azure_ai" || d.word == "azure_text" {
		return "Azure's " + d.word + " is not offered; azure is"
	}
	d.upstream = strings.TrimPrefix(d.upstream, "responses/") // a way to be asked, no part of the name
	d.vendor, problem = findVendor(d.word)
	return problem
}

// vendorOf finds the vendor of a model that is named without one.
func vendorOf(model string) string {
	for _, word := range []string{"openai", "anthropic"} {
		p, _ := provider.Get(word)
		for _, pattern := range p.Models {
			if prefix, ok := strings.CutSuffix(pattern, "*"); pattern == model || ok && strings.HasPrefix(model, prefix) {
				return word
			}
		}
	}
	return ""
}

// address sets where the deployment is and with which key.
func (d *deployment) address(params, credential *node) (problem string) {
	text := func(names ...string) string {
		if s := params.get(names...).str(); s != "" {
			return s
		}
		return credential.get(names...).str()
	}
	base, problem := fromEnvironment(text("api_base", "base_url"))
	if problem != "" {
		return "api_base: " + problem
	}
	base, protocols := withoutEndpoint(base)
	if protocols != nil {
		d.vendor.protocols = protocols
	}
	if d.vendor.preset == "azure" && base != "" {
		base, _, _ = strings.Cut(base, "/openai")
		base += "/openai/v1"
	}
	if problem := place(&d.channel, d.vendor, base); problem != "" {
		return problem
	}
	secret, problem := fromEnvironment(text("api_key"))
	if problem != "" {
		return "api_key: " + problem
	}
	if preset, _ := provider.Get(d.vendor.preset); secret == "" && !preset.Keyless && (base == "" || d.channel.Provider != "") {
		if name := litellmKeys[d.word]; name != "" {
			secret = environment(name)
			d.notes = append(d.notes, "the key is that of the variable "+name+", as nothing else is written")
		}
	}
	addKeys(&d.channel, secret)
	if len(d.channel.Keys) == 0 && d.channel.Provider == "" {
		d.notes = append(d.notes, "it has no key, so none is sent")
	}
	if org, problem := fromEnvironment(params.get("organization").str()); org != "" && problem == "" && !config.HasPlaceholder(org) {
		d.channel.HeaderUp = &config.HeaderOps{Set: map[string][]string{"Openai-Organization": {org}}}
	} else if params.get("organization").set() {
		d.notes = append(d.notes, "not taken over: organization")
	}
	d.notes = append(d.notes, setHeaders(&d.channel, params.get("extra_headers")))
	return ""
}

// fromEnvironment turns os.environ/NAME into a placeholder.
func fromEnvironment(s string) (text, problem string) {
	name, ok := strings.CutPrefix(s, "os.environ/")
	switch {
	case !ok && config.HasPlaceholder(s):
		return "", errPlaceholder.Error()
	case !ok:
		return s, ""
	case environment(name) == "":
		return "", "os.environ/ is not followed by the name of a variable"
	}
	return environment(name), ""
}

// limits sets how much may be asked of the deployment, and its place among
// those of the same name.
func (d *deployment) limits(params *node) {
	d.channel.RPM, d.channel.TPM = params.get("rpm").whole(), params.get("tpm").whole()
	d.channel.MaxConcurrency = params.get("max_parallel_requests").whole()
	if usd, ok := params.get("max_budget").num(); ok && usd > 0 {
		switch params.get("budget_duration").str() {
		case "1d", "24h":
			d.channel.Budget.Day = usd
		case "30d", "31d", "1mo":
			d.channel.Budget.Month = usd
		case "":
			d.channel.Budget.Total = usd
		default:
			d.notes = append(d.notes, "not taken over: max_budget, which is for a day, a month or for ever here")
		}
	}
	d.exclusive = d.channel.RPM+d.channel.TPM+d.channel.MaxConcurrency != 0 || d.channel.Budget != config.Budget{}
	d.order = params.get("order").whole()
	d.weight, _ = params.get("weight").num()
	keys := make([]string, 0, 1)
	for _, k := range d.channel.Keys {
		keys = append(keys, k.Secret)
	}
	d.at = fmt.Sprint(d.word, "\x00", d.channel.URLs, keys, d.order, d.weight, params.get("organization").str(), string(params.get("extra_headers").json()))
}

// group puts deployments of one account into one channel, as far as each of
// their names stands for one model there.
func (l *litellm) group() {
	highest, scale := 0, 1.0
	for _, d := range l.deployments {
		highest = max(highest, d.order)
		if d.weight != math.Trunc(d.weight) {
			scale = 100 // weights such as 0.7
		}
	}
	for _, d := range l.deployments {
		var c *litellmChannel
		if !d.exclusive {
			for _, have := range l.accounts[d.at] {
				if l.serve(have, d) {
					c = have
					break
				}
			}
		}
		if c == nil {
			c = &litellmChannel{Channel: d.channel}
			c.Name = l.name(channelName(d))
			if d.order > 0 {
				c.Priority = highest + 1 - d.order
			}
			if d.weight > 0 {
				c.Weight = weightOf(int(math.Round(d.weight * scale)))
			}
			l.serve(c, d)
			l.channels = append(l.channels, c)
			if !d.exclusive {
				l.accounts[d.at] = append(l.accounts[d.at], c)
			}
		}
		c.deployments = append(c.deployments, d)
	}
}

func channelName(d *deployment) string {
	if len(d.channel.URLs) > 0 {
		if base, err := d.channel.URLs[0].Parse(); err == nil {
			host, _, _ := strings.Cut(base.Host(), ":")
			return d.word + " " + host
		}
	}
	return d.word
}

// take takes a channel, and tells of each of its deployments.
func (l *litellm) take(c *litellmChannel) {
	slices.Sort(c.Models)
	first := c.deployments[0]
	if !l.add(first.line, first.from, c.Channel, first.notes...) {
		for _, d := range c.deployments[1:] {
			l.lost(d.line, d.from, fmt.Sprintf("as the channel of line %d", first.line))
		}
		return
	}
	for _, d := range c.deployments[1:] {
		what := fmt.Sprintf("model %s of the channel %q", cmp.Or(l.names.client(d), d.group), c.Name)
		l.becomes(d.line, d.from, what, d.notes...)
	}
}
