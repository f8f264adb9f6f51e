package command

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// healthPatience is how long a healthy gateway may take to say so.
const healthPatience = 3 * time.Second

// healthCommand asks a gateway whether it serves. A container without a shell
// has nothing else to ask with.
func healthCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "health [<address>]",
		Short:   "Ends with 0 if the gateway at an address serves, for health checks",
		Example: "caddy ccload health http://127.0.0.1:8080/health",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		address := "http://127.0.0.1:8080/health"
		if len(args) > 0 {
			address = args[0]
		}
		req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			return err
		}
		client := http.Client{Timeout: healthPatience}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answered %s", address, resp.Status)
		}
		return nil
	}
	return cmd
}
