package gateway

import (
	"maps"
	"testing"
	"time"

	"github.com/ccload/ccload/config"
	"github.com/ccload/ccload/routing"
)

// A channel is checked at the interval it names or, where it names none, at the
// documented one; those that are off or have no key are not.
func TestIntervalsOfChecks(t *testing.T) {
	channel := func(name string, conf config.Channel) *routing.Channel {
		return &routing.Channel{Name: name, Conf: &conf}
	}
	keyless := channel("keyless", config.Channel{HealthCheck: new(config.HealthCheck)})
	keyless.Keyless = true
	got := checksOf(&routing.Table{Channels: []*routing.Channel{
		channel("unchecked", config.Channel{}),
		channel("usual", config.Channel{HealthCheck: new(config.HealthCheck)}),
		channel("often", config.Channel{HealthCheck: &config.HealthCheck{Interval: config.Duration{Duration: time.Minute}}}),
		channel("off", config.Channel{Disabled: true, HealthCheck: new(config.HealthCheck)}),
		keyless,
	}})
	want := map[string]time.Duration{"usual": config.DefaultHealthInterval, "often": time.Minute}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
