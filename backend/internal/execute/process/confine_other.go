//go:build unix && !linux

package process

// abilities are what this machine can do to keep programs apart: here, nothing beyond their own folders.
type abilities struct {
	mounts   bool
	landlock int
}

func findAbilities(string, bool) (abilities, error) { return abilities{}, nil }

func mountTmp(string, int, *owner) error { return nil }

func resizeTmp(string, int) error { return nil }

func unmountTmp(string) {}
