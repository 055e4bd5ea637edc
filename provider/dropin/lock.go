package dropin

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// unlock drops the providers served here from a copy's lock file: its checksums are those of the real ones, or of a program
// that has been built anew since. Other providers stay locked.
func unlock(file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	parsed, diags := hclwrite.ParseConfig(text, file, hcl.InitialPos)
	if diags.HasErrors() {
		return nil // Terraform says what is wrong with it
	}
	changed := false
	for _, b := range parsed.Body().Blocks() {
		if b.Type() == "provider" && len(b.Labels()) == 1 && slices.Contains(served, address(b.Labels()[0], "")) {
			parsed.Body().RemoveBlock(b)
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return os.WriteFile(file, parsed.Bytes(), 0o644)
}
