// Package pricing knows what models cost. A catalogue holds dated rows, each
// with explicit numbers for one model, service tier and size of prompt; Price
// turns a usage into money by the row that was in force.
//
// Rows come in layers: those of the operator go before those that were fetched
// from a list, and those before the ones that are built in. A price that
// changes is a new row with a later beginning, so that history can be priced
// again at any time: Price is a function of catalogue, model, moment and usage.
//
// A model that no row fits has no price. It is never taken for free, nor for
// the model whose name is most like its own.
package pricing
