// Package ui takes the place of Alertmanager's own, which embeds files that its module does not hold: see ../../programs.py.
package ui

import (
	"io"
	"net/http"

	"github.com/prometheus/common/route"
)

const page = `Alertmanager, built from its Go module, which has no web pages.

Its API is here, as ever:
  /api/v2/alerts     what fires, and who was told
  /api/v2/silences   what is silenced
  /api/v2/status     its configuration and its peers
The command line: amtool --alertmanager.url=http://ADDRESS:9093 alert query
`

// Register answers the address itself, so that nobody takes a page that is not there for a server that does not work.
func Register(r *route.Router) {
	r.Get("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, page)
	})
}
