//go:build race

package selection_test

func init() { raceDetector = true }
