//go:build !amd64

package scan

// blockwise says that there is a textBlocks of this architecture.
const blockwise = false

func textBlocks(*byte, int) (at int, found stop) { panic("not called") }
