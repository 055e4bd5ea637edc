package process

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
)

// layersKey says which layers, in which order, a version has; "" for none. Versions with the same layers share what is
// unpacked of them.
func layersKey(v *function.Version) string {
	if len(v.Layers) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, l := range v.Layers {
		fmt.Fprintln(sum, l.SHA256)
	}
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// useLayers returns the folder where the version's layers are unpacked, one over the other in their order; "" where it has
// none. It stays until the caller's drop.
func (e *Executor) useLayers(ctx context.Context, v *function.Version) (string, error) {
	if len(v.Layers) == 0 {
		return "", nil
	}
	return e.layers.use(ctx, layersKey(v), "layers of function "+v.QualifiedARN(), e.home.codeFolder(), func(ctx context.Context) ([][]byte, error) {
		var zips [][]byte
		for _, l := range v.Layers {
			zipped, err := e.Layer(ctx, l.ARN)
			if err != nil {
				return nil, fmt.Errorf("layer %s: %w", l.ARN, err)
			}
			zips = append(zips, zipped)
		}
		return zips, nil
	})
}

// useCode returns the folder where the version's package is unpacked, until the caller's drop.
func (e *Executor) useCode(ctx context.Context, v *function.Version) (string, error) {
	return e.code.use(ctx, v.Code.SHA256, "code of function "+v.QualifiedARN(), e.home.codeFolder(), func(ctx context.Context) ([][]byte, error) {
		zipped, err := e.Code(ctx, v)
		return [][]byte{zipped}, err
	})
}

// bootstrap is the program of a runtime that brings none: the package's, or else a layer's.
func bootstrap(task, opt string, see view) (onMachine, seen string) {
	own := filepath.Join(task, "bootstrap")
	if _, err := os.Lstat(own); err != nil && opt != "" {
		if other := filepath.Join(opt, "bootstrap"); exists(other) {
			return other, filepath.Join(see.opt, "bootstrap")
		}
	}
	return own, filepath.Join(see.task, "bootstrap")
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
