package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

func descriptorCommand(t terminal) *cli.Command {
	return &cli.Command{
		Name:   "descriptor",
		Usage:  "print and compare descriptors",
		Action: onlyCommands,
		Commands: []*cli.Command{
			{
				Name:      "print",
				Usage:     "print a descriptor as it is served: variables replaced, defaults filled in",
				ArgsUsage: "[FILE|URL]",
				Flags:     sourceFlags(),
				Action:    func(ctx context.Context, c *cli.Command) error { return printDescriptor(ctx, c, t) },
			},
			{
				Name:      "diff",
				Usage:     "say what changes between two descriptors, and whether administrators must agree",
				ArgsUsage: "OLD NEW",
				Flags: append(sourceFlags(),
					&cli.BoolFlag{Name: "json", Usage: "print one JSON object"},
					&cli.BoolFlag{Name: "exit-code", Usage: "exit with status 1 when administrators must agree"}),
				Action: func(ctx context.Context, c *cli.Command) error { return diffDescriptors(ctx, c, t) },
			},
		},
	}
}

func printDescriptor(ctx context.Context, c *cli.Command, t terminal) error {
	name, err := argument(c)
	if err != nil {
		return err
	}
	app, err := parsed(ctx, c, name, t, (*source).parse)
	if err != nil {
		return err
	}
	document, err := app.WithDefaults().JSON()
	if err != nil {
		return err
	}
	_, err = t.out.Write(document)
	return err
}

// parsed reads a descriptor in the way given, and tells of one that cannot be
// read as check does.
func parsed(ctx context.Context, c *cli.Command, name string, t terminal, parse func(*source) (*descriptor.App, error)) (*descriptor.App, error) {
	s, err := open(ctx, c, name, t.in)
	if err != nil {
		return nil, err
	}
	app, err := parse(s)
	if _, ok := errors.AsType[*descriptor.ReadError](err); ok {
		r := &report{File: s.name, Errors: 1, Findings: descriptor.Findings{unreadable(err)}}
		if err := r.write(t.out, t.err); err != nil {
			return nil, err
		}
		return nil, errFound
	}
	return app, err
}

func diffDescriptors(ctx context.Context, c *cli.Command, t terminal) error {
	if c.Args().Len() != 2 {
		return fmt.Errorf("%s takes two files or URLs, the old and the new, and got %d", c.FullName(), c.Args().Len())
	}
	if c.Args().Get(0) == "-" && c.Args().Get(1) == "-" {
		return errors.New("the standard input cannot be both the old and the new descriptor")
	}
	supposed := func(s *source) (*descriptor.App, error) { return s.supposed(t.err) }
	before, err := parsed(ctx, c, c.Args().Get(0), t, supposed)
	if err != nil {
		return err
	}
	after, err := parsed(ctx, c, c.Args().Get(1), t, supposed)
	if err != nil {
		return err
	}
	d, err := descriptor.Diff(before, after)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = writeJSON(t.out, d)
	} else {
		err = writeDifference(t.out, d)
	}
	if err == nil && c.Bool("exit-code") && len(d.Approval) > 0 {
		err = errFound
	}
	return err
}

func writeDifference(w io.Writer, d *descriptor.Difference) error {
	var b strings.Builder
	for _, c := range d.Changes {
		fmt.Fprintln(&b, c)
	}
	switch {
	case len(d.Changes) == 0:
		b.WriteString("The descriptors say the same.\n")
	case len(d.Approval) == 0:
		fmt.Fprintf(&b, "\nVersion: %s. Every site gets it by itself.\n", d.Bump)
	default:
		fmt.Fprintf(&b, "\nVersion: %s. An administrator of each site must agree, and until then it keeps the old one:\n", d.Bump)
		for _, reason := range d.Approval {
			fmt.Fprintf(&b, "  - %s\n", reason)
		}
	}
	if len(d.Breaks) > 0 {
		b.WriteString("\nMind:\n")
		for _, reason := range d.Breaks {
			fmt.Fprintf(&b, "  - %s\n", reason)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
