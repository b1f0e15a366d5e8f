package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

// ruleSyntax is the rule of a document that cannot be read.
const ruleSyntax descriptor.Rule = "syntax"

func checkCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "find what a host would refuse in a descriptor",
		ArgsUsage: "[FILE|URL]",
		Description: "The findings come like a compiler's, one a line. An error is what the host would\n" +
			"refuse or could not call, a warning what works in a way that is hardly meant.",
		Flags: append(sourceFlags(),
			&cli.StringFlag{Name: "product", Usage: "`jira` or confluence; by default the one that the document is for"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object"}),
		Action: func(ctx context.Context, c *cli.Command) error { return check(ctx, c, t) },
	}
}

func check(ctx context.Context, c *cli.Command, t terminal) error {
	name, err := argument(c)
	if err != nil {
		return err
	}
	product := descriptor.Product(c.String("product"))
	switch product {
	case "", descriptor.Jira, descriptor.Confluence:
	default:
		return fmt.Errorf("--product %s: the products are jira and confluence", product)
	}
	s, err := open(ctx, c, name, t.in)
	if err != nil {
		return err
	}
	r := s.report(product, t.err)
	if c.Bool("json") {
		err = writeJSON(t.out, r)
	} else {
		err = r.write(t.out, t.err)
	}
	if err == nil && r.Errors > 0 {
		err = errFound
	}
	return err
}

// report is what was found in a descriptor.
type report struct {
	File     string              `json:"file"`
	Key      string              `json:"key,omitempty"`
	Product  descriptor.Product  `json:"product,omitempty"`
	Errors   int                 `json:"errors"`
	Warnings int                 `json:"warnings"`
	Findings descriptor.Findings `json:"findings"`
}

// report judges the document. An empty product is found out.
func (s *source) report(product descriptor.Product, note io.Writer) *report {
	r := &report{File: s.name, Product: product, Findings: descriptor.Findings{}}
	app, err := s.supposed(note)
	if err != nil {
		r.Findings = descriptor.Findings{unreadable(err)}
	} else {
		if product == "" {
			r.Product = app.Product()
		}
		r.Key = app.Key
		r.Findings = append(r.Findings, app.Validate(product)...)
		// What could be parsed can be located.
		_ = r.Findings.Locate(s.data)
		r.Findings.Sort()
	}
	r.Errors = len(r.Findings.At(descriptor.LevelError))
	r.Warnings = len(r.Findings) - r.Errors
	return r
}

// unreadable is the finding for a document that cannot be read.
func unreadable(err error) *descriptor.Finding {
	f := &descriptor.Finding{Level: descriptor.LevelError, Rule: ruleSyntax, Message: err.Error()}
	if e, ok := errors.AsType[*descriptor.ReadError](err); ok {
		f.Path, f.Message, f.Line, f.Column = e.Path, e.Err.Error(), e.Line, e.Column
	}
	return f
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// write prints the findings, and the sum of them beside.
func (r *report) write(out, beside io.Writer) error {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s: %s: ", f.Position(r.File), f.Level)
		if f.Path != "" {
			b.WriteString(f.Path + ": ")
		}
		fmt.Fprintf(&b, "%s [%s]\n", f.Message, f.Rule)
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(beside, "%s: %s, %s\n", r.File, count(r.Errors, "error"), count(r.Warnings, "warning"))
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
