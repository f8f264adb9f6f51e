package ccload

import (
	"reflect"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// warnOfServers warns of settings of Caddy that would cut long answers or show
// what should be secret.
func (a *App) warnOfServers() {
	web := a.web()
	if web == nil {
		return
	}
	if web.GracePeriod > 0 {
		a.logger.Warn("grace_period is set: at exit, answers that take longer are cut",
			zap.Duration("grace_period", time.Duration(web.GracePeriod)))
	}
	for name, server := range web.Servers {
		if server.WriteTimeout > 0 {
			a.logger.Warn("the server has a write timeout: answers that take longer are cut",
				zap.String("server", name), zap.Duration("write_timeout", time.Duration(server.WriteTimeout)))
		}
		if believesClients(server) {
			a.logger.Warn("trusted_proxies without trusted_proxies_strict takes the leftmost address of X-Forwarded-For, which a client may make up: whoever guesses passwords or tokens is slowed down by proxy only, and may have others slowed down",
				zap.String("server", name), zap.String("remedy", "write trusted_proxies_strict into the servers option"))
		}
		if server.Logs != nil {
			// Caddy copies the request for its log before any handler sees it,
			// and how the log is encoded is not ours to see: a hint, no warning.
			a.logger.Info("the server keeps an access log; Caddy leaves Authorization out of it, but not the other places where clients put tokens",
				zap.String("server", name),
				zap.String("remedy", "filter X-Api-Key, X-Goog-Api-Key and ?key= in the log's format, as examples/compose/Caddyfile does"))
		}
	}
}

// believesClients reports whether a server takes the address of a client from
// what the client itself may have written, the leftmost of X-Forwarded-For.
// Caddy forgets how trusted_proxies were written once it has loaded them, so
// its own field is looked at; a test holds that it is there.
func believesClients(server *caddyhttp.Server) bool {
	proxies := reflect.ValueOf(server).Elem().FieldByName("trustedProxies")
	return server.TrustedProxiesStrict == 0 && proxies.IsValid() && proxies.Kind() == reflect.Interface && !proxies.IsNil()
}

// web is Caddy's HTTP app, nil if the config has none.
func (a *App) web() *caddyhttp.App {
	app, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return nil
	}
	web, _ := app.(*caddyhttp.App)
	return web
}
