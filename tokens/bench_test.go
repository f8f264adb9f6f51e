package tokens

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ccload/ccload/ai"
)

const benchSize = 200 << 10

// benchTexts are 200 KB each of what requests are made of.
func benchTexts(b testing.TB) map[string]string {
	b.Helper()
	var english, code, list, chinese, base64 strings.Builder
	files, _ := filepath.Glob(filepath.Join(runtime.GOROOT(), "src", "net", "http", "*.go")) // the Go that runs the test
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		code.Write(text)
		for line := range strings.Lines(string(text)) {
			if comment, ok := strings.CutPrefix(strings.TrimSpace(line), "// "); ok {
				english.WriteString(comment + "\n")
			}
		}
	}
	if english.Len() < benchSize || code.Len() < benchSize {
		b.Skip("the sources of Go are not here")
	}
	words := strings.Fields(english.String())
	list.WriteByte('[')
	for i := 0; list.Len() < benchSize; i += 9 {
		row, _ := json.Marshal(map[string]any{"id": i * 7919, "name": words[i%len(words)], "text": strings.Join(words[i%9000:i%9000+8], " "), "ok": i%2 == 0, "at": "2026-01-02T03:04:05Z", "price": float64(i) / 7})
		list.Write(append(row, ','))
	}
	for i := range benchSize {
		if chinese.Len() < benchSize {
			fmt.Fprintf(&chinese, "%c", 0x4e00+(i*i*31+i*7919)%6000)
		}
		base64.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(i*i*31+i*17)%64])
	}
	texts := map[string]string{"english": english.String(), "code": code.String(), "json": list.String(), "chinese": chinese.String(), "base64": base64.String()}
	for name, text := range texts {
		texts[name] = text[:benchSize]
	}
	return texts
}

func conversation(turns ...string) []byte {
	var b strings.Builder
	b.WriteString(`{"model":"m","messages":[`)
	for i, turn := range turns {
		if i > 0 {
			b.WriteByte(',')
		}
		q, _ := json.Marshal(strings.ToValidUTF8(turn, ""))
		fmt.Fprintf(&b, `{"role":%q,"content":%s}`, []string{"user", "assistant"}[i%2], q)
	}
	return []byte(b.String() + `]}`)
}

// BenchmarkCold counts a 200 KB request whose segments were never seen, with
// and without what the encoding remembers of pieces.
func BenchmarkCold(b *testing.B) {
	for name, text := range benchTexts(b) {
		for _, fresh := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/fresh=%v", name, fresh), func(b *testing.B) {
				body := conversation(text)
				e := o200k()
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					if fresh {
						for i := range e.pieces {
							e.pieces[i].Store(0)
						}
					}
					New().Request(ai.OpenAI, "gpt-4o", body)
				}
			})
		}
	}
}

// BenchmarkGrown counts a 200 KB conversation of which all but the last turn
// were seen.
func BenchmarkGrown(b *testing.B) {
	for name, text := range benchTexts(b) {
		b.Run(name, func(b *testing.B) {
			var turns []string
			for i := range 20 {
				turns = append(turns, text[i*benchSize/20:(i+1)*benchSize/20])
			}
			c := New()
			body := conversation(turns...)
			c.Request(ai.OpenAI, "gpt-4o", body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				b.StopTimer()
				n++
				body := conversation(append(turns, fmt.Sprint("and what about number ", n, "? Tell me more about it, please, as long as you like."))...)
				b.StartTimer()
				c.Request(ai.OpenAI, "gpt-4o", body)
			}
		})
	}
}

func BenchmarkSmall(b *testing.B) {
	body := conversation("What is the capital of France?")
	c := New()
	b.ReportAllocs()
	for b.Loop() {
		c.Request(ai.OpenAI, "gpt-4o", body)
	}
}

// BenchmarkLoad is what the first count costs, in time and in memory that
// stays.
func BenchmarkLoad(b *testing.B) {
	for name, load := range map[string]func() *encoding{
		"o200k":  func() *encoding { return unpack(o200kData, splitO200k) },
		"cl100k": func() *encoding { return unpack(cl100kData, splitCL100k) },
	} {
		b.Run(name, func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			e := load()
			runtime.GC()
			runtime.ReadMemStats(&after)
			for b.Loop() {
				e = load()
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB")
			runtime.KeepAlive(e)
		})
	}
}

// TestFastEnough is a coarse guard: four times the goals, for busy machines.
func TestFastEnough(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("time is not measured here")
	}
	o200k()
	for name, text := range benchTexts(t) {
		body := conversation(text)
		c := New()
		best := [2]time.Duration{time.Hour, time.Hour}
		for range 3 {
			for i := range best {
				if i == 0 {
					c = New()
				}
				start := time.Now()
				c.Request(ai.OpenAI, "gpt-4o", body)
				best[i] = min(best[i], time.Since(start))
			}
		}
		t.Logf("%s: %v, and %v when seen", name, best[0], best[1])
		if best[0] > 20*time.Millisecond || best[1] > 4*time.Millisecond {
			t.Errorf("%s takes %v, and %v when seen", name, best[0], best[1])
		}
	}
}
