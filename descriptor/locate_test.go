package descriptor_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/atlassian-connect-go/sdk/descriptor"
)

const locatedDocument = `{
  "key": "a",
  "a.b": {"c[0]": [1, {"d\"e": "x"}]},
	"lifecycle": { "dare-migration" :
	  "/d" },
  "modules": {
    "webPanels": {"key": "p",
      "name": {"value": "é"}, "url": "/p"},
    "configurePage": [ {"key": "c"} ],
    "webhooks": [{"event": "e"}, {"url": "/h"}]
  }
}`

// Each path leads to the value, or to the nearest thing around it.
func TestLocate(t *testing.T) {
	for path, want := range map[string]string{
		"":                                      "1:1",
		"key":                                   "2:10",
		"name":                                  "1:1",
		"nothing.in.it":                         "1:1",
		`["a.b"]`:                               "3:10",
		`["a.b"]["c[0]"]`:                       "3:19",
		`["a.b"]["c[0]"][1]`:                    "3:23",
		`["a.b"]["c[0]"][1]["d\"e"]`:            "3:32",
		`["a.b"]["c[0]"][2]["x"].y`:             "3:19",
		"lifecycle":                             "4:15",
		`lifecycle["dare-migration"]`:           "5:4",
		`lifecycle["other"]`:                    "4:15",
		"modules.webPanels[0]":                  "7:18",
		"modules.webPanels[0].url":              "8:39",
		"modules.webPanels[0].location":         "7:18",
		"modules.webPanels[0].name.value":       "8:25",
		"modules.configurePage":                 "9:22",
		"modules.configurePage.key":             "9:32",
		"modules.configurePage.url":             "9:22",
		"modules.webhooks[1].url":               "10:42",
		"modules.webhooks[1].event":             "10:34",
		"modules.webhooks[2]":                   "10:17",
		"modules.dialogs[0].url":                "6:14",
		`translations.paths["de-DE"].something`: "1:1",
	} {
		f := descriptor.Findings{{Path: path}}
		if err := f.Locate([]byte(locatedDocument)); err != nil {
			t.Fatal(err)
		}
		if got := f[0].Position(""); got != ":"+want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestLocateRefuses(t *testing.T) {
	f := descriptor.Findings{{Path: "key"}}
	err := f.Locate([]byte(`{"key":`))
	if _, ok := errors.AsType[*descriptor.ReadError](err); !ok || f[0].Line != 0 {
		t.Errorf("got %v, and line %d", err, f[0].Line)
	}
	if got := f[0].Position("file"); got != "file" {
		t.Errorf("got %s", got)
	}
}

func TestSortFindings(t *testing.T) {
	f := descriptor.Findings{
		{Path: "modules.webhooks[1].url"}, {Path: "name", Message: "first"}, {Path: "key"}, {Path: "vendor", Message: "second"},
	}
	if err := f.Locate([]byte(locatedDocument)); err != nil {
		t.Fatal(err)
	}
	f.Sort()
	var got []string
	for _, x := range f {
		got = append(got, x.Path)
	}
	if got, want := strings.Join(got, " "), "name vendor key modules.webhooks[1].url"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
