// Command schemacheck takes the descriptors of testdata/corpus, and 600 copies
// of them with one change each, and writes for every document what the
// descriptor package says of it, one line of JSON each. The script check.mjs
// compares that with what Atlassian's own module schemas say.
//
// It is run from the root of the repository. The changes are the same in every
// run; the flags are for looking further than that.
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

	"github.com/atlassian-connect-go/sdk/descriptor"
)

const corpusDir = "descriptor/testdata/corpus"

func main() {
	count := flag.Int("mutations", 600, "how many documents with a change to write")
	seed := flag.Uint64("seed", 1, "the seed of the changes")
	flag.Parse()
	if err := run(os.Stdout, *count, *seed); err != nil {
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

func run(w io.Writer, count int, seed uint64) error {
	documents, err := readCorpus(corpusDir)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, d := range documents {
		for _, product := range d.products {
			if err := enc.Encode(judge(d, product)); err != nil {
				return err
			}
		}
	}
	m := newMutator(documents, rand.New(rand.NewPCG(seed, 0)))
	for i := range count {
		d, product, change := m.mutate(i)
		l := judge(d, product)
		l.Mutation, l.Path = change.words, change.path
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return out.Flush()
}

// judge asks the package about a document.
func judge(d *document, product descriptor.Product) line {
	l := line{Name: d.name, Product: product, Modules: d.modules}
	app, err := descriptor.Parse(d.bytes())
	if err != nil {
		l.ReadError = err.Error()
		if e, ok := errors.AsType[*descriptor.ReadError](err); ok {
			l.ReadErrorPath = e.Path
		}
		return l
	}
	l.Findings = app.Validate(product)
	return l
}
