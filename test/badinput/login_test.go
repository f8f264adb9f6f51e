package badinput

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/test/binary"
)

// fresh forgets a login.
func (g *gateway) fresh() {
	g.http.Jar, _ = cookiejar.New(nil)
}

// mayWrite reports whether the login of the moment is an operator's.
func (g *gateway) mayWrite() bool {
	status, _ := g.api(http.MethodGet, "channels", "")
	return status == http.StatusOK
}

// TestLoginLink: the link that caddy ccload login prints logs in once, with the
// code that stands in it, and another code or the same one again does not.
func TestLoginLink(t *testing.T) {
	t.Parallel()
	g := start(t, "ccload {\nadmin_password_file\n}", "ccload\nccload_admin /desk/*")
	api := func(method, path, body string) (int, string) {
		return g.do(method, g.site+"/desk/api/"+path, body)
	}
	output, code := g.cli("login")
	link, rest, _ := strings.Cut(output, "\n")
	address, err := url.Parse(link)
	if code != 0 || err != nil || !strings.HasPrefix(link, g.site+"/desk/#/login/") || !strings.HasPrefix(rest, "One login, until ") {
		t.Fatalf("%d %s", code, output)
	}
	if status, page := g.do(http.MethodGet, g.site+address.Path, ""); status != http.StatusOK || !strings.Contains(page, "<html") {
		t.Errorf("the page of the link: %d", status)
	}
	once := strings.TrimPrefix(address.Fragment, "/login/")
	body := func(code string) string { return toJSON(map[string]string{"code": code}) }
	for _, wrong := range []string{body(once[:len(once)-1] + "!"), body(""), `{}`, `{"code":"` + once + `","password":"x"}`, `{"code":"x","code":"` + once + `"}`} {
		if status, text := api(http.MethodPost, "login", wrong); status != http.StatusUnauthorized && status != http.StatusBadRequest || strings.Contains(text, once) {
			t.Errorf("%s: %d %s", wrong, status, text)
		}
	}
	status, text := api(http.MethodPost, "login", body(once))
	var session struct{ Data struct{ Role string } }
	if _ = json.Unmarshal([]byte(text), &session); status != http.StatusOK || session.Data.Role != "operator" {
		t.Fatalf("the code: %d %s", status, text)
	}
	if status, _ := api(http.MethodGet, "channels", ""); status != http.StatusOK {
		t.Errorf("after the login: %d", status)
	}
	g.fresh()
	if status, text := api(http.MethodPost, "login", body(once)); status != http.StatusUnauthorized {
		t.Errorf("the code again: %d %s", status, text)
	}
	if status, _ := api(http.MethodGet, "channels", ""); status != http.StatusUnauthorized {
		t.Errorf("without a login: %d", status)
	}
	if strings.Contains(g.log.String(), once) {
		t.Error("the code is in the log")
	}
}

// TestPasswordFile: the file is made for its owner alone, with a password that
// command and login know; a line end behind it does not count; another password
// in it counts as it is written, and what is none leaves the one before.
func TestPasswordFile(t *testing.T) {
	t.Parallel()
	g := start(t, "ccload {\nadmin_password_file secrets/desk\n}", "ccload\nccload_admin")
	file := filepath.Join(g.dir, "caddy", "ccload", "secrets", "desk")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	if folder, err := os.Stat(filepath.Dir(file)); err != nil || folder.Mode().Perm()&0o077 != 0 {
		t.Errorf("the folder of the file: %v %v", folder.Mode(), err)
	}
	output, code := g.cli("password")
	made := strings.TrimSuffix(output, "\n")
	if held, _ := os.ReadFile(file); code != 0 || len(made) < 20 || strings.TrimSpace(string(held)) != made {
		t.Fatalf("%d %q", code, output)
	}
	if strings.Contains(g.log.String(), made) {
		t.Error("the password is in the log")
	}
	with := func(password string) string { return toJSON(map[string]string{"password": password}) }
	if status, text := g.login(with(made)); status != http.StatusOK || !g.mayWrite() {
		t.Fatalf("%d %s", status, text)
	}
	old := made
	for _, text := range []string{"the second password\n", "the third password\r\n", "the fourth password"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		password := strings.TrimRight(text, "\r\n")
		until := time.Now().Add(10 * time.Second)
		for {
			if output, code := g.cli("password"); code != 0 || output != password+"\n" {
				t.Errorf("%q: the command prints %q", text, output)
			}
			g.fresh()
			status, said := g.login(with(password))
			if status == http.StatusOK {
				break
			}
			if time.Now().After(until) {
				t.Fatalf("%q: %d %s", text, status, said)
			}
			time.Sleep(200 * time.Millisecond)
		}
		g.fresh()
		if status, _ := g.login(with(old)); status == http.StatusOK {
			t.Errorf("the password before %q still logs in", text)
		}
		old = password
	}
	for _, text := range []string{"short", "", "\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		seen := len(g.log.String())
		for until := time.Now().Add(10 * time.Second); len(g.log.String()) == seen && time.Now().Before(until); {
			time.Sleep(50 * time.Millisecond)
		}
		g.fresh()
		status, said := g.login(with(old))
		for until := time.Now().Add(20 * time.Second); status == http.StatusTooManyRequests && time.Now().Before(until); status, said = g.login(with(old)) {
			time.Sleep(200 * time.Millisecond) // for the guesses above
		}
		if status != http.StatusOK {
			t.Errorf("after %q: %d %s", text, status, said)
		}
	}
}

// TestCommandsWithoutGateway: commands that ask a gateway say so where there is
// none, or none that could answer.
func TestCommandsWithoutGateway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nobody := binary.FreeAddress(t)
	for _, c := range [][]string{{"login"}, {"password"}, {"token", "list"}, {"export"}, {"rotate"}, {"explain", "--model", "m"}, {"reprice"}} {
		output, code := run(t, dir, nil, append(append([]string{"ccload"}, c...), "--address", nobody)...)
		clean(t, output)
		if code == 0 || !strings.Contains(output, "is the gateway running, with its admin endpoint at "+nobody+"?") {
			t.Errorf("%q: %d %s", c, code, output)
		}
	}
	g := start(t, "ccload {\nadmin_password "+password+"\n}", "ccload")
	if output, code := g.cli("login"); code == 0 || !strings.Contains(output, "add ccload_admin") {
		t.Errorf("login without a dashboard: %d %s", code, output)
	}
	if output, code := g.cli("password"); code == 0 || strings.Contains(output, password) || !strings.Contains(output, "caddy ccload login prints a link") {
		t.Errorf("a password of the config: %d %s", code, output)
	}
}
