package apitypes

//go:generate go run ./generate ../../admin/ui/src/api/types.ts
