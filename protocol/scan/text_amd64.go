package scan

import "golang.org/x/sys/cpu"

// blockwise says that textBlocks can be called here.
var blockwise = cpu.X86.HasAVX2

// textBlocks looks through a string from p on, the inside of which begins there
// or goes on behind what is escaped, in as many blocks of 64 bytes as fit in n
// bytes. at is where it stops, and found says at what; without a quote or a
// control character that is behind the last block.
//
//go:noescape
func textBlocks(p *byte, n int) (at int, found stop)
