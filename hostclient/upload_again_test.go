package hostclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/atlassian-connect-go/sdk/hostclient"
)

// renewingUpload is a credential whose first token is refused.
type renewingUpload struct {
	boundCredential
	renewed atomic.Bool
}

type boundCredential struct{ binding hostclient.Binding }

func (b boundCredential) Binding() hostclient.Binding { return b.binding }

func (c *renewingUpload) Apply(r *http.Request) error {
	r.Header.Set("Authorization", fmt.Sprintf("Bearer renewed-%t", c.renewed.Load()))
	return nil
}

func (c *renewingUpload) Renew(*http.Request, *hostclient.Error) (bool, error) {
	return !c.renewed.Swap(true), nil
}

// A refused token, a limit with a time, and a redirect on the site have the files
// sent again from where they began.
func TestUploadIsSentAgain(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, c := range []struct {
		name  string
		after int // bytes that the host reads before it refuses; -1 for all
	}{{"before the body", 0}, {"in the middle", 100}, {"after the body", -1}} {
		for _, status := range []int{http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusTemporaryRedirect} {
			t.Run(fmt.Sprintf("%d %s", status, c.name), func(t *testing.T) {
				var got []uploaded
				take, tries := takeUpload(t, &got), 0
				w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
					if tries++; tries > 1 {
						take(rw, r)
						return
					}
					n := int64(c.after)
					if n < 0 {
						n = 1 << 30
					}
					_, _ = io.CopyN(io.Discard, r.Body, n)
					rw.Header().Set("Retry-After", "1")
					rw.Header().Set("Location", "/p")
					rw.WriteHeader(status)
				})
				long := strings.Repeat("0123456789", 50_000)
				if _, err := file.WriteAt([]byte(long), 0); err != nil {
					t.Fatal(err)
				}
				if _, err := file.Seek(7, io.SeekStart); err != nil {
					t.Fatal(err)
				}
				client := w.hosts.Client(&renewingUpload{boundCredential: boundCredential{boundTo(w.site.url)}}).RetryWrites()
				v, err := hostclient.Upload[count](t.Context(), client, "/p",
					hostclient.File{Name: "a", Content: file}, hostclient.File{Name: "b", Content: strings.NewReader("whole")})
				if err != nil || v.Count != 2 || tries != 2 {
					t.Fatalf("got %+v, %v after %d tries, want 2 after 2", v, err, tries)
				}
				if got[0].content != long[7:] || got[1].content != "whole" {
					t.Errorf("got %d and %d bytes, want %d and 5", len(got[0].content), len(got[1].content), len(long)-7)
				}
			})
		}
	}
}

// What cannot be read again is sent once, and the refusal is the answer.
func TestUploadOfAStreamIsSentOnce(t *testing.T) {
	pipe, end, err := os.Pipe() // an io.Seeker that cannot seek
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	end.Close()
	for name, content := range map[string]io.Reader{"a reader": io.LimitReader(zeros{}, 10), "a pipe": pipe} {
		w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			rw.WriteHeader(http.StatusUnauthorized)
		})
		client := w.hosts.Client(&renewingUpload{boundCredential: boundCredential{boundTo(w.site.url)}})
		_, err := hostclient.Upload[count](t.Context(), client, "/p",
			hostclient.File{Name: "a", Content: strings.NewReader("x")}, hostclient.File{Name: "b", Content: content})
		if !errors.Is(err, hostclient.ErrUnauthorized) || len(w.site.requests()) != 1 {
			t.Errorf("%s: got %v after %d requests, want ErrUnauthorized after 1", name, err, len(w.site.requests()))
		}
	}
}

// unseekable can be asked where it stands, and not be moved.
type unseekable struct{ *strings.Reader }

var errStuck = errors.New("stuck")

func (u unseekable) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekStart {
		return 0, errStuck
	}
	return u.Reader.Seek(offset, whence)
}

func TestUploadThatCannotGoBack(t *testing.T) {
	w := newWorld(t, "", func(rw http.ResponseWriter, r *http.Request) { rw.WriteHeader(http.StatusUnauthorized) })
	client := w.hosts.Client(&renewingUpload{boundCredential: boundCredential{boundTo(w.site.url)}})
	_, err := hostclient.Upload[count](t.Context(), client, "/p", hostclient.File{Name: "a.txt", Content: unseekable{strings.NewReader("x")}})
	if !errors.Is(err, errStuck) || !strings.Contains(err.Error(), `"a.txt"`) {
		t.Errorf("got %v, want the file and what Seek says", err)
	}
}

// A file that cannot be read to its end is no shorter file to the host.
func TestUploadOfABrokenFile(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, size := range []int64{0, 10, 100_000, 5_000_000} {
		seen := make(chan error, 1)
		w := newWorld(t, "", func(_ http.ResponseWriter, r *http.Request) {
			_, err := formOf(r)
			seen <- err
		})
		_, err := hostclient.Upload[count](t.Context(), w.client, "/p",
			hostclient.File{Name: "a.txt", Content: io.MultiReader(io.LimitReader(zeros{}, size), iotest.ErrReader(broken))})
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), `"a.txt"`) {
			t.Errorf("%d bytes: got %v, want the file and its error", size, err)
		}
		w.site.Close() // waits for the handler
		select {
		case err := <-seen:
			if err == nil {
				t.Errorf("%d bytes: the host saw a whole form", size)
			}
		default: // it saw not even the header
		}
	}
}
