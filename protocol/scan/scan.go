// Package scan reads single values out of JSON text in one pass, without
// decoding the rest and without allocating. It is what makes a 200 KB request
// cheap to route.
package scan
