// Command generate writes the types of the dashboard's API to a file.
package main

import (
	"fmt"
	"os"

	"github.com/ccload/ccload/admin"
	"github.com/ccload/ccload/internal/apitypes"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: generate FILE")
		os.Exit(2)
	}
	text, err := apitypes.TypeScript(admin.Description("/ccload"))
	if err == nil {
		err = os.WriteFile(os.Args[1], []byte(text), 0o600) //nolint:gosec // the file that was asked for
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
