package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/config"
)

func TestHoursContain(t *testing.T) {
	for _, tt := range []struct {
		window, zone, at string
		want             bool
	}{
		{"08:00-23:00", "", "2026-03-01T07:59:59Z", false},
		{"08:00-23:00", "", "2026-03-01T08:00:00Z", true},
		{"08:00-23:00", "", "2026-03-01T22:59:59.9Z", true},
		{"08:00-23:00", "", "2026-03-01T23:00:00Z", false},
		{"8:00-23:00", "", "2026-03-01T08:00:00Z", true},
		{"22:00-06:00", "", "2026-03-01T23:30:00Z", true},
		{"22:00-06:00", "", "2026-03-01T05:59:00Z", true},
		{"22:00-06:00", "", "2026-03-01T06:00:00Z", false},
		{"18:00-24:00", "", "2026-03-01T23:59:59Z", true},
		{"18:00-24:00", "", "2026-03-01T00:00:00Z", false},
		{"09:00-09:00", "", "2026-03-01T03:00:00Z", true},
		{"00:00-24:00", "", "2026-03-01T00:00:00Z", true},
		{"08:00-23:00", "Asia/Shanghai", "2026-03-01T00:00:00Z", true},
		{"08:00-23:00", "Asia/Shanghai", "2026-03-01T15:00:00Z", false},
		{"09:00-17:00", "Asia/Kolkata", "2026-03-01T03:30:00Z", true}, // half-hour zone
		{"09:00-17:00", "Asia/Kolkata", "2026-03-01T03:29:00Z", false},

		// 02:00 to 03:00 does not exist that night in Berlin, and is there twice in autumn.
		{"02:30-04:00", "Europe/Berlin", "2026-03-29T00:59:00Z", false}, // 01:59
		{"02:30-04:00", "Europe/Berlin", "2026-03-29T01:00:00Z", true},  // 03:00
		{"02:30-04:00", "Europe/Berlin", "2026-03-29T02:00:00Z", false}, // 04:00
		{"02:00-03:00", "Europe/Berlin", "2026-10-25T00:30:00Z", true},  // 02:30, first time
		{"02:00-03:00", "Europe/Berlin", "2026-10-25T01:30:00Z", true},  // 02:30, second time
		{"02:00-03:00", "Europe/Berlin", "2026-10-25T02:00:00Z", false}, // 03:00
		{"08:00-23:00", "Europe/Berlin", "2026-07-01T06:00:00Z", true},  // summer
		{"08:00-23:00", "Europe/Berlin", "2026-01-01T06:00:00Z", false}, // winter
	} {
		h, err := config.ParseHours(tt.window, tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		w, err := h.Window()
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339Nano, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Contains(at); got != tt.want {
			t.Errorf("%s contains %s: %v", h, tt.at, got)
		}
	}
}

func TestNoHoursAreAlways(t *testing.T) {
	var h *config.Hours
	w, err := h.Window()
	if err != nil || !w.Contains(time.Now()) || h.Validate() != nil || h.String() != "always" {
		t.Error("no hours must be always")
	}
}

func TestHoursErrors(t *testing.T) {
	for _, tt := range []struct{ window, zone, want string }{
		{"08:00", "", "must be two times of day"},
		{"8-23", "", `hours "8": must be a time of day`},
		{"24:00-06:00", "", `hours "24:00": must be a time of day`},
		{"08:00-24:01", "", `hours "24:01": must be a time of day`},
		{"08:00-23:60", "", `hours "23:60"`},
		{"08:0-23:00", "", `hours "08:0"`},
		{"-1:00-23:00", "", `hours ""`},
		{"08:00-23:00", "Middle/Earth", `hours "Middle/Earth": is no time zone`},
		{"08:00-23:00", "../../etc/passwd", `is no time zone`},
	} {
		_, err := config.ParseHours(tt.window, tt.zone)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: %v, want …%s…", tt.window, tt.zone, err, tt.want)
		}
	}
}

func TestWindowDoesNotAllocate(t *testing.T) {
	h := config.Hours{From: "22:00", To: "06:00", Zone: "Europe/Berlin"}
	w, err := h.Window()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if n := testing.AllocsPerRun(100, func() { w.Contains(now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestParseExpires(t *testing.T) {
	for text, want := range map[string]string{
		"2027-01-31":                "2027-02-01T00:00:00Z", // the day is included
		"2028-02-28":                "2028-02-29T00:00:00Z",
		"2027-01-31T18:00:00Z":      "2027-01-31T18:00:00Z",
		"2027-01-31T18:00:00+08:00": "2027-01-31T10:00:00Z",
	} {
		got, err := config.ParseExpires(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := got.UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s ends %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "tomorrow", "2027-02-30", "2027-1-1", "31.01.2027", "2027-01-31 18:00"} {
		if _, err := config.ParseExpires(text); err == nil || !strings.Contains(err.Error(), "must be a day such as") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
