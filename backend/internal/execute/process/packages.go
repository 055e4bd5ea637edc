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

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
)

// mostUnused is how many unpacked packages are kept that no environment uses.
const mostUnused = 16

// packages are the unpacked packages: each is unpacked once, shared by the environments of its code, and not writable.
type packages struct {
	fetch func(context.Context, *function.Version) ([]byte, error)

	mu     sync.Mutex
	all    map[string]*unpacked // by CodeSha256
	unused []string             // CodeSha256, the one unused longest first
}

type unpacked struct {
	folder string
	users  int
	ready  chan struct{} // closed once err is set
	err    error
}

// use returns the folder of the version's package, which stays until the caller's drop.
func (p *packages) use(ctx context.Context, v *function.Version, home *home) (string, error) {
	sha := v.Code.SHA256
	p.mu.Lock()
	if p.all == nil {
		p.all = map[string]*unpacked{}
	}
	u := p.all[sha]
	if u != nil {
		if u.users++; u.users == 1 {
			p.unused = slices.DeleteFunc(p.unused, func(s string) bool { return s == sha })
		}
		p.mu.Unlock()
		<-u.ready
		if u.err != nil {
			return "", u.err
		}
		return u.folder, nil
	}
	u = &unpacked{users: 1, ready: make(chan struct{})}
	p.all[sha] = u
	p.mu.Unlock()
	u.folder, u.err = p.unpack(context.WithoutCancel(ctx), v, home)
	if u.err != nil {
		p.mu.Lock()
		delete(p.all, sha) // whoever comes next tries again
		p.mu.Unlock()
	}
	close(u.ready)
	return u.folder, u.err
}

func (p *packages) unpack(ctx context.Context, v *function.Version, home *home) (string, error) {
	zipped, err := p.fetch(ctx, v)
	if err != nil {
		return "", fmt.Errorf("read the code of function %s: %w", v.QualifiedARN(), err)
	}
	folder, err := os.MkdirTemp(home.codeFolder(), folderName(v.Code.SHA256)+"-")
	if err != nil {
		return "", fmt.Errorf("unpack the code of function %s: %w", v.QualifiedARN(), err)
	}
	if err = os.Chmod(folder, 0o755); err == nil {
		err = unpack(zipped, folder)
	}
	if err != nil {
		_ = os.RemoveAll(folder)
		return "", fmt.Errorf("unpack the code of function %s: %w", v.QualifiedARN(), err)
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
func (p *packages) drop(sha string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.all[sha]
	if u == nil {
		return
	}
	if u.users--; u.users > 0 {
		return
	}
	p.unused = append(p.unused, sha)
	if len(p.unused) > mostUnused {
		old := p.unused[0]
		p.unused = p.unused[1:]
		_ = os.RemoveAll(p.all[old].folder)
		delete(p.all, old)
	}
}
