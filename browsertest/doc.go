// Package browsertest has the tests that need a browser. It is a module of its
// own, so that the SDK does not depend on what drives one.
package browsertest
