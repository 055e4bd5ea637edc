package process_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/process"
)

// layered is an executor whose functions may have the layers, by the order of their numbers.
func layered(t *testing.T, zips ...[]byte) (*bundle, []function.Layer) {
	var all []function.Layer
	content := map[string][]byte{}
	for i, zipped := range zips {
		arn := fmt.Sprintf("arn:aws:lambda:us-east-1:000000000000:layer:l%d:1", i)
		sum := sha256.Sum256(zipped)
		content[arn] = zipped
		all = append(all, function.Layer{ARN: arn, SHA256: base64.StdEncoding.EncodeToString(sum[:])})
	}
	return setup(t, func(o *process.Options) {
		o.Layer = func(_ context.Context, arn string) ([]byte, error) { return content[arn], nil }
	}), all
}

// Lambda guide, "Packaging your layer content": layers are unpacked in their order, a later one over an earlier.
func TestLayers(t *testing.T) {
	b, layers := layered(t,
		zipEntries(t, entry{"python/dep.py", "name = 'first'\nkept = True\n", 0o644}, entry{"bin/say", "#!/bin/sh\necho first", 0o755},
			entry{"nodejs/node_modules/dep/package.json", `{"main":"index.js"}`, 0o644}, entry{"nodejs/node_modules/dep/index.js", "exports.name = 'first'", 0o644},
			entry{"text", "first", 0o644}),
		zipEntries(t, entry{"python/lib/python3.11/site-packages/special.py", "name = 'special'", 0o644}, entry{"bin/say", "#!/bin/sh\necho second", 0o755},
			entry{"nodejs/node_modules/dep/index.js", "exports.name = 'second'", 0o644}),
		zipEntries(t, entry{"bootstrap", string(goBootstrap(t)), 0o755}))
	program, layers := layers[2:], layers[:2]
	python := func(name, code string, layers []function.Layer) *function.Version {
		v := b.version(name, "python3.11", "app.handler", zipEntries(t, entry{"app.py", code, 0o644}))
		v.Layers = layers
		return v
	}
	const code = `import dep, special, os, subprocess
def handler(event, context):
    return [dep.name, dep.kept, special.name, subprocess.check_output(["say"], text=True).strip(), os.path.dirname(os.path.dirname(dep.__file__))]
`
	t.Run("python finds their modules, and the path their programs", func(t *testing.T) {
		out := string(b.run(t, python("py", code, layers), `{}`).Payload)
		if want := `["first", true, "special", "second", "`; !strings.HasPrefix(out, want) {
			t.Errorf("got %s, want %s…", out, want)
		}
	})
	t.Run("their order counts", func(t *testing.T) {
		turned := []function.Layer{layers[1], layers[0]}
		if out := string(b.run(t, python("turned", code, turned), `{}`).Payload); !strings.Contains(out, `"special", "first"`) {
			t.Errorf("got %s", out)
		}
	})
	t.Run("a function without them sees nothing of them", func(t *testing.T) {
		v := python("bare", "import shutil\ndef handler(e, c): return shutil.which('say')\n", nil)
		b.succeeds(t, v, `{}`, "null")
	})
	t.Run("node finds their modules, required and imported", func(t *testing.T) {
		for name, text := range map[string]string{"app.js": "exports.handler = async () => require('dep').name",
			"app.mjs": "import dep from 'dep'; export const handler = async () => dep.name"} {
			v := b.version("js-"+strings.ReplaceAll(name, ".", "-"), "nodejs20.x", "app.handler", zipEntries(t, entry{name, text, 0o644}))
			v.Layers = layers
			b.succeeds(t, v, `{}`, `"second"`)
		}
	})
	t.Run("a bootstrap may be a layer's", func(t *testing.T) {
		v := b.version("custom", "provided.al2023", "any", zipEntries(t, entry{"data", "x", 0o644}))
		v.Layers = program
		own := b.version("own", "provided.al2023", "any", zipEntries(t, entry{"bootstrap", string(goBootstrap(t)), 0o755}))
		if got, want := string(b.run(t, v, `{"name":"x"}`).Payload), string(b.run(t, own, `{"name":"x"}`).Payload); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
