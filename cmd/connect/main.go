// Command connect helps to build Connect apps: it finds in an app descriptor
// what a host would refuse, before the host does.
//
//	connect check [FILE|URL]               findings, like a compiler's
//	connect descriptor print [FILE|URL]    the document as it is served
//	connect descriptor diff OLD NEW        what changes, and who must agree
//
// The file is atlassian-connect.json unless it is named; "-" is the standard
// input. The exit status is 0 when all is well, 1 when a document has errors,
// and 2 when the command cannot be carried out.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/urfave/cli/v3"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args, terminal{os.Stdin, os.Stdout, os.Stderr}))
}

// terminal is where a command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
}

// The exit statuses beside 0.
const (
	exitErrors = 1
	exitFailed = 2
)

// errFound ends a command that has told of errors.
var errFound = errors.New("errors were found")

// run carries out a command and returns its exit status.
func run(ctx context.Context, args []string, t terminal) int {
	app := &cli.Command{
		Name:  "connect",
		Usage: "build Atlassian Connect apps",
		// The commands print their own errors, once.
		ExitErrHandler:  func(context.Context, *cli.Command, error) {},
		OnUsageError:    func(_ context.Context, _ *cli.Command, err error, _ bool) error { return err },
		Reader:          t.in,
		Writer:          t.out,
		ErrWriter:       t.err,
		HideHelpCommand: true,
		Suggest:         true,
		Commands:        []*cli.Command{checkCommand(t), descriptorCommand(t)},
		Action:          onlyCommands,
	}
	for _, c := range app.Commands {
		quietUsage(c)
	}
	switch err := app.Run(ctx, args); {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return exitErrors
	default:
		fmt.Fprintln(t.err, "connect:", err)
		return exitFailed
	}
}

// quietUsage keeps mistakes in the use of a command from being printed twice.
func quietUsage(c *cli.Command) {
	c.OnUsageError = func(_ context.Context, _ *cli.Command, err error, _ bool) error { return err }
	c.HideHelpCommand = true
	for _, sub := range c.Commands {
		quietUsage(sub)
	}
}

// onlyCommands is the action of a command that has only others in it.
func onlyCommands(_ context.Context, c *cli.Command) error {
	if name := c.Args().First(); name != "" {
		return fmt.Errorf("there is no command %q; see %s --help", name, c.FullName())
	}
	return cli.ShowSubcommandHelp(c)
}
