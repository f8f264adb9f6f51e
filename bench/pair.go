package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"github.com/ccload/ccload/bench/internal/load"
	"github.com/ccload/ccload/bench/internal/proc"
	"github.com/ccload/ccload/bench/internal/traffic"
)

// storedChannels is how many channels are in the store of what is started and
// reloaded.
const storedChannels = 1000

// pair is a gateway and a plain Caddy that are started, reloaded or weighed
// side by side. The plain one is linked without the gateway and has a
// reverse_proxy.
type pair struct {
	r              *rig
	name           string
	config         gatewayConfig
	plain, admin   string // addresses of the plain one
	gateway, other *proc.Process
}

func (r *rig) newPair(name string) (*pair, error) {
	ports, err := proc.FreePorts(4)
	if err != nil {
		return nil, err
	}
	return &pair{
		r: r, name: name, plain: ports[2], admin: ports[3],
		config: gatewayConfig{address: ports[0], admin: ports[1], db: filepath.Join(r.dir, name+".db")},
	}, nil
}

// plainConfig is the plain one's. version makes a config that differs.
func (p *pair) plainConfig(version int) string {
	text := proxyConfig(p.admin, "reverse_proxy", []string{p.plain}, p.r.addrs["upstream"][:1])
	return text + fmt.Sprintf("# %d\nhttp://%s/version {\n\trespond %d\n}\n", version, p.plain, version)
}

// startGateway starts the gateway and returns how long its first answer took.
func (p *pair) startGateway() (took time.Duration, err error) {
	begun := time.Now()
	if p.gateway, err = p.r.caddy(p.name+"-gateway", p.r.gateway, "", p.config.text()); err != nil {
		return 0, err
	}
	err = p.answered(p.config.address)
	return time.Since(begun), err
}

// startPlain is the same of the plain one.
func (p *pair) startPlain() (took time.Duration, err error) {
	begun := time.Now()
	if p.other, err = p.r.caddy(p.name+"-plain", p.r.bare, "", p.plainConfig(0)); err != nil {
		return 0, err
	}
	err = p.answered(p.plain)
	return time.Since(begun), err
}

func (p *pair) stop() {
	for _, q := range []**proc.Process{&p.gateway, &p.other} {
		if *q != nil {
			p.r.stop(*q)
			*q = nil
		}
	}
}

// answered waits for the first right answer.
func (p *pair) answered(addr string) error {
	s := &p.r.scenarios[0]
	l := p.r.lane(p.name, "plain", nil, addr, messages, traffic.Message(s.Model(), false, smallSize))
	defer l.Close()
	var last load.Sample
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if last = l.Once(); last.Bad == 0 {
			return nil
		}
	}
	return fmt.Errorf("%s does not answer: %s", addr, last.FirstBad)
}

// storeChannels puts channels into the gateway's store, as an operator would.
func (p *pair) storeChannels() error {
	var err error
	if p.gateway, err = p.r.caddy(p.name+"-gateway", p.r.gateway, p.config.address, p.config.text()); err != nil {
		return err
	}
	defer p.stop()
	s := &p.r.scenarios[0]
	type key struct {
		Secret string `json:"secret"`
	}
	type address struct {
		URL string `json:"url"`
	}
	type stored struct {
		Name      string    `json:"name"`
		URLs      []address `json:"urls"`
		Protocols []string  `json:"protocols"`
		Models    []string  `json:"models"`
		Keys      []key     `json:"keys"`
	}
	var file struct {
		Version  int      `json:"ccload"`
		Channels []stored `json:"channels"`
	}
	file.Version = 1
	for i := range storedChannels {
		file.Channels = append(file.Channels, stored{
			Name: fmt.Sprintf("stored-%04d", i), URLs: []address{{"http://" + p.r.addrs["upstream"][0]}},
			Protocols: []string{"anthropic"}, Models: []string{s.Model()}, Keys: []key{{fmt.Sprintf("sk-stored-%08d", i)}},
		})
	}
	text, err := json.Marshal(file)
	if err != nil {
		return err
	}
	var answer []byte
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		// Caddy listens a moment before its admin endpoint knows the config.
		answer, err = post("http://"+p.config.admin+"/ccload/import?name=bench.json", "application/json", text)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			return err
		}
	}
	var result struct {
		Added int `json:"added"`
	}
	if err := json.Unmarshal(answer, &result); err != nil || result.Added != storedChannels {
		return fmt.Errorf("importing %d channels: %d were added: %.500s", storedChannels, result.Added, answer)
	}
	return nil
}

// post sends something to Caddy's admin endpoint.
func post(url, contentType string, body []byte) (answer []byte, err error) {
	res, err := http.Post(url, contentType, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("POST %s: status %d: %.500s", url, res.StatusCode, answer)
	}
	return answer, err
}
