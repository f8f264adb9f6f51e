// Package ui holds the dashboard's pages as they are served: what admin/ui/build
// makes of the sources in admin/ui/src. Built with the tag ccload_noui it holds
// nothing, and the dashboard is its API alone.
package ui
