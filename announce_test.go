package ccload

import (
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	zaplog "go.uber.org/zap/zaptest/observer"
)

// TestAddressesAreThoseOfTheSites: what the log says at the start is where
// clients and people find the gateway.
func TestAddressesAreThoseOfTheSites(t *testing.T) {
	t.Parallel()
	const app = "{\n\tccload {\n\t\tchannel demo demo mk-ok\n\t\ttoken anonymous\n\t}\n}\n"
	for name, test := range map[string]struct {
		sites              string
		clients, dashboard []string
	}{
		"two names and a port": {
			"http://127.0.0.1:8080, http://localhost:8080 {\n\tbind 127.0.0.1\n\tccload\n\tccload_admin /ccload/*\n}\n",
			[]string{"http://127.0.0.1:8080", "http://localhost:8080"},
			[]string{"http://127.0.0.1:8080/ccload/", "http://localhost:8080/ccload/"},
		},
		"a domain with TLS":        {"ai.example.com\nccload\n", []string{"https://ai.example.com"}, nil},
		"any name":                 {"http://\nccload\n", []string{"http://localhost"}, nil},
		"any name at all ports":    {":8080 {\n\tbind 0.0.0.0\n\tccload\n}\n", []string{"http://localhost:8080"}, nil},
		"an address to listen at":  {":8080 {\n\tbind 127.0.0.2\n\tccload\n}\n", []string{"http://127.0.0.2:8080"}, nil},
		"IPv6":                     {":8080 {\n\tbind ::1\n\tccload\n}\n", []string{"http://[::1]:8080"}, nil},
		"below paths":              {"https://a.example.com {\n\thandle_path /pre/* {\n\t\tccload\n\t\tccload_admin /admin/*\n\t}\n}\n", []string{"https://a.example.com/pre"}, []string{"https://a.example.com/pre/admin/"}},
		"a site of something else": {"http://a.example.com {\n\trespond hi\n}\n", nil, nil},
		"no TCP":                   {":8080 {\n\tbind unix//run/ccload.sock\n\tccload\n}\n", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, err := provisionContext(app + test.sites)
			if err != nil {
				t.Fatal(err)
			}
			web, err := ctx.App("http")
			if err != nil {
				t.Fatal(err)
			}
			found := addressesOf(web.(*caddyhttp.App))
			if !slices.Equal(found.clients, test.clients) || !slices.Equal(found.dashboard, test.dashboard) {
				t.Errorf("clients %q, dashboard %q; want %q and %q", found.clients, found.dashboard, test.clients, test.dashboard)
			}
		})
	}
}

// TestProblemsOfAConfigAreToldOnce: what the log says at the start is not hidden
// among repetitions.
func TestProblemsOfAConfigAreToldOnce(t *testing.T) {
	t.Parallel()
	app, err := loadApp(t, "{\n\tccload {\n\t\tchannel a openai {env.CCLOAD_TEST_THAT_IS_NOT_SET}\n\t\tchannel b openai {env.CCLOAD_TEST_NOR_THIS} {env.CCLOAD_TEST_NOR_THAT}\n\t\tchannel c openai {env.CCLOAD_TEST_NOR_THIS} sk-0123456789abcdef\n\t\ttoken anonymous\n\t}\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	core, log := zaplog.New(zapcore.WarnLevel)
	app.observer.log = zap.New(core)
	app.observer.problems.Clear()
	for range 3 {
		if err := app.rebuild(); err != nil {
			t.Fatal(err)
		}
	}
	var told []string
	for _, e := range log.All() {
		told = append(told, e.Message)
	}
	want := []string{
		`channel "c": key 1 is left out: it is empty here: is {env.CCLOAD_TEST_NOR_THIS} set?`,
		`channels without a key are not used: a ({env.CCLOAD_TEST_THAT_IS_NOT_SET} is empty), b ({env.CCLOAD_TEST_NOR_THIS} {env.CCLOAD_TEST_NOR_THAT} are empty)`,
	}
	if !slices.Equal(told, want) {
		t.Errorf("the log says %q, want %q", told, want)
	}
}

func loadApp(t *testing.T, config string) (*App, error) {
	t.Helper()
	ctx, err := provisionContext(config)
	if err != nil {
		return nil, err
	}
	app, err := ctx.App("ccload")
	if err != nil {
		return nil, err
	}
	return app.(*App), nil
}
