package main

import (
	"bytes"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
)

// pages are the app's templates.
type pages struct {
	templates *template.Template
	policy    string
}

func newPages(allJS string) (*pages, error) {
	u, err := url.Parse(allJS)
	if err != nil {
		return nil, fmt.Errorf("all.js: %w", err)
	}
	templates, err := template.New("").
		Funcs(template.FuncMap{"allJS": func() string { return allJS }}).
		ParseFS(files, "page/*.html")
	if err != nil {
		return nil, err
	}
	// Scripts come from the app itself and the host's script alone.
	origin := u.Scheme + "://" + u.Host
	return &pages{templates: templates, policy: "default-src 'none'; style-src 'self'; connect-src 'self'; " +
		"img-src 'self'; base-uri 'none'; form-action 'none'; script-src 'self' " + origin}, nil
}

// render answers with a template.
func (p *pages) render(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, data); err != nil {
		slog.Error("template", slog.String("name", name), slog.Any("error", err))
		http.Error(w, "This page is broken.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", p.policy) // who may frame the page, the app says
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}
