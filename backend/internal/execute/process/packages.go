package process

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// mostUnused is how many unpacked packages are kept that no environment uses.
const mostUnused = 16

// packages are the unpacked packages: each is unpacked once, shared by the environments of its code, and not writable.
type packages struct {
	mu     sync.Mutex
	all    map[string]*unpacked // by key
	unused []string             // keys, the one unused longest first
}

type unpacked struct {
	folder string
	users  int
	ready  chan struct{} // closed once err is set
	err    error
}

// use returns the folder of the package with the key, which stays until the caller's drop. Where it is not unpacked yet, fetch
// says which zip files it consists of, the later ones over the earlier; what names it in errors.
func (p *packages) use(ctx context.Context, key, what, under string, fetch func(context.Context) ([][]byte, error)) (string, error) {
	p.mu.Lock()
	if p.all == nil {
		p.all = map[string]*unpacked{}
	}
	u := p.all[key]
	if u != nil {
		if u.users++; u.users == 1 {
			p.unused = slices.DeleteFunc(p.unused, func(s string) bool { return s == key })
		}
		p.mu.Unlock()
		<-u.ready
		if u.err != nil {
			return "", u.err
		}
		return u.folder, nil
	}
	u = &unpacked{users: 1, ready: make(chan struct{})}
	p.all[key] = u
	p.mu.Unlock()
	u.folder, u.err = unpackUnder(context.WithoutCancel(ctx), key, what, under, fetch)
	if u.err != nil {
		p.mu.Lock()
		delete(p.all, key) // whoever comes next tries again
		p.mu.Unlock()
	}
	close(u.ready)
	return u.folder, u.err
}

func unpackUnder(ctx context.Context, key, what, under string, fetch func(context.Context) ([][]byte, error)) (string, error) {
	zips, err := fetch(ctx)
	if err != nil {
		return "", fmt.Errorf("read the %s: %w", what, err)
	}
	folder, err := os.MkdirTemp(under, folderName(key)+"-")
	if err != nil {
		return "", fmt.Errorf("unpack the %s: %w", what, err)
	}
	err = os.Chmod(folder, 0o755)
	for _, zipped := range zips {
		if err == nil {
			err = unpack(zipped, folder)
		}
	}
	if err != nil {
		_ = os.RemoveAll(folder)
		return "", fmt.Errorf("unpack the %s: %w", what, err)
	}
	return folder, nil
}

// folderName is the start of a package's CodeSha256 in hexadecimal digits.
func folderName(sha string) string {
	sum, err := base64.StdEncoding.DecodeString(sha)
	if err != nil || len(sum) == 0 {
		sum = []byte(filepath.Base(filepath.Clean("/" + sha)))
	}
	return hex.EncodeToString(sum[:min(8, len(sum))])
}

// drop says that one user of the package has ended. Of the packages without users the last few are kept.
func (p *packages) drop(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.all[key]
	if u == nil {
		return
	}
	if u.users--; u.users > 0 {
		return
	}
	p.unused = append(p.unused, key)
	if len(p.unused) > mostUnused {
		old := p.unused[0]
		p.unused = p.unused[1:]
		_ = os.RemoveAll(p.all[old].folder)
		delete(p.all, old)
	}
}
