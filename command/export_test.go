package command

// What the tests look at.
var (
	DemoConfig   = demoConfig
	FreePort     = freePort
	History      = history
	WriteHistory = writeHistory
)

const HistoryAgent = historyAgent
