package relay

import "testing"

func TestPerilous(t *testing.T) {
	for host, want := range map[string]bool{
		"169.254.169.254":            true,
		"169.254.169.254:80":         true,
		"169.254.1.1":                true,
		"[fe80::1]":                  true,
		"[fe80::1%25eth0]:8080":      true,
		"fe80::1%eth0":               true,
		"0.0.0.0":                    true,
		"0.0.0.0:8080":               true,
		"0.1.2.3":                    true,
		"[::]":                       true,
		"[::]:8080":                  true,
		"[::ffff:169.254.169.254]":   true,
		"[::ffff:0.0.0.0]":           true,
		"[::169.254.169.254]":        true,
		"[64:ff9b::a9fe:a9fe]":       true,
		"[2002:a9fe:a9fe::1]":        true,
		"[fd00:ec2::254]":            true,
		"100.100.100.200":            true,
		"168.63.129.16":              true,
		"224.0.0.1":                  true,
		"[ff02::1]":                  true,
		"0xa9fea9fe":                 true,
		"0XA9FEA9FE:80":              true,
		"2852039166":                 true,
		"0251.0376.0251.0376":        true,
		"169.254.43518":              true,
		"0:19640":                    true,
		"127.1":                      true,
		"0x7f.1":                     true,
		"099.1":                      true,
		"１６９.254.169.254":            true,
		"169。254。169。254":            true,
		"api.example.com":            false,
		"api2.example.com:443":       false,
		"xn--fiqs8s":                 false,
		"0xabc.example":              false,
		"127.0.0.1:8080":             false,
		"[::1]:8080":                 false,
		"10.0.0.1":                   false,
		"192.168.1.1":                false,
		"8.8.8.8":                    false,
		"[2606:4700::1111]":          false,
		"[64:ff9b::8.8.8.8]":         false,
		"localhost":                  false,
		"metadata.google.internal":   false, // a name: judged by what it resolves to
		"169.254.169.254.nip.io:443": false,
	} {
		if got := Perilous(host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}
