// Command schemacheck takes the descriptors of descriptor/testdata/corpus, and
// copies of them with one change each, and writes for every document what the
// descriptor package says of it, one line of JSON each. The script check.mjs
// compares that with what Atlassian's own module schemas say.
//
// It is run from the root of the repository. Without flags the changes are the
// same in every run; the flags are for looking further.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

const corpusDir = "descriptor/testdata/corpus"

func main() {
	rounds := flag.Int("rounds", 1, "how often to make every change at every place")
	seed := flag.Uint64("seed", 1, "the seed of what is drawn")
	flag.Parse()
	if err := run(os.Stdout, *rounds, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "schemacheck:", err)
		os.Exit(1)
	}
}

// line is what the script reads: a document and what the package says of it.
type line struct {
	Name     string             `json:"name"`
	Product  descriptor.Product `json:"product"`
	Mutation string             `json:"mutation,omitempty"`
	// Path is where the change is.
	Path     string              `json:"path,omitempty"`
	Modules  any                 `json:"modules"`
	Findings descriptor.Findings `json:"findings,omitempty"`
	// ReadError is why the document cannot be read, and ReadErrorPath where.
	ReadError     string `json:"readError,omitempty"`
	ReadErrorPath string `json:"readErrorPath,omitempty"`
}

func run(w io.Writer, rounds int, seed uint64) error {
	documents, err := readCorpus(corpusDir)
	if err != nil {
		return err
	}
	var unchanged []change
	for _, d := range documents {
		for _, product := range d.products {
			unchanged = append(unchanged, change{document: d, product: product})
		}
	}
	out := bufio.NewWriter(w)
	if err := write(out, judgeAll(unchanged)); err != nil {
		return err
	}
	m := newMutator(documents, rand.New(rand.NewPCG(seed, 0)))
	for range rounds {
		changes := m.changes()
		lines := judgeAll(changes)
		if err := write(out, lines); err != nil {
			return err
		}
		if err := write(out, judgeAll(atLimits(changes, lines))); err != nil {
			return err
		}
	}
	return out.Flush()
}

func write(w io.Writer, lines []line) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

// judgeAll asks the package about documents, several at a time.
func judgeAll(changes []change) []line {
	lines := make([]line, len(changes))
	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	for first := range workers {
		group.Go(func() {
			for i := first; i < len(changes); i += workers {
				lines[i] = judge(changes[i])
			}
		})
	}
	group.Wait()
	return lines
}

func judge(c change) line {
	l := line{Name: c.document.name, Product: c.product, Mutation: c.words, Modules: c.document.modules}
	if c.words != "" {
		l.Path = c.spot.path.String()
	}
	app, err := descriptor.Parse(c.document.bytes())
	if err != nil {
		l.ReadError = err.Error()
		if e, ok := errors.AsType[*descriptor.ReadError](err); ok {
			l.ReadErrorPath = e.Path
		}
		return l
	}
	l.Findings = app.Validate(c.product)
	return l
}
