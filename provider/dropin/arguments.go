package dropin

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// command is a command of Terraform or OpenTofu, taken apart.
type command struct {
	program string
	args    []string // the subcommand and what follows
	left    []string // what was left out of them
}

// refusedFlags would make a run use another module, provider or state than those that are arranged for it.
var refusedFlags = map[string]string{
	"chdir":       "name the module with --module: dropin run [--module DIR] -- terraform …",
	"plugin-dir":  "the providers come from a mirror that is made for the run",
	"state":       "the state of a run is its own",
	"state-out":   "the state of a run is its own",
	"backup":      "the state of a run is its own",
	"backup-out":  "the state of a run is its own",
	"from-module": "the module is the one that --module names",
}

// leftFlags are about the state backend that is replaced, or about a lock file that is not the module's own: they are left
// out. Whether one has a value that follows it is said here.
var leftFlags = map[string]bool{"backend-config": true, "migrate-state": false, "force-copy": false, "reconfigure": false, "lockfile": true}

// without are subcommands that need no providers.
var without = []string{"", "version", "fmt", "login", "logout", "help", "get"}

// readCommand takes a command apart, refuses what would undo the arrangement, and leaves out what has no meaning in it.
func readCommand(words []string) (*command, error) {
	if len(words) == 0 {
		return nil, fmt.Errorf("there is no command after --: want for example terraform apply")
	}
	name := strings.TrimSuffix(filepath.Base(words[0]), ".exe")
	if !strings.HasPrefix(name, "terraform") && !strings.HasPrefix(name, "tofu") || strings.HasPrefix(name, "terraform-provider-") {
		return nil, fmt.Errorf("%s is neither terraform nor tofu; other programs can be given a mirror (dropin MIRROR) and the rest by hand, as docs/dropin.md describes", words[0])
	}
	c := &command{program: words[0]}
	for i := 1; i < len(words); i++ {
		flag, value, isFlag := flagOf(words[i])
		if reason, refused := refusedFlags[flag]; isFlag && refused {
			return nil, fmt.Errorf("-%s cannot be used here: %s", flag, reason)
		}
		if takes, leave := leftFlags[flag]; isFlag && leave {
			c.left = append(c.left, words[i])
			if takes && !value && i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") {
				i++
				c.left = append(c.left, words[i])
			}
			continue
		}
		c.args = append(c.args, words[i])
	}
	return c, nil
}

// flagOf is the name of a flag, and whether its value is in the same word.
func flagOf(word string) (name string, value, ok bool) {
	if !strings.HasPrefix(word, "-") {
		return "", false, false
	}
	name, _, value = strings.Cut(strings.TrimLeft(word, "-"), "=")
	return name, value, name != ""
}

// subcommand is the first word that is no flag.
func (c *command) subcommand() string {
	for _, w := range c.args {
		if !strings.HasPrefix(w, "-") {
			return w
		}
	}
	return ""
}

// needsProviders reports whether the copy must be initialised before the command.
func (c *command) needsProviders() bool {
	return !slices.Contains(without, c.subcommand()) && !slices.ContainsFunc(c.args, func(w string) bool {
		name, _, _ := flagOf(w)
		return name == "help" || name == "h" || name == "version"
	})
}

// final are the arguments to run with: init of a copy always forgets where the state was before, which the copy decides.
func (c *command) final() []string {
	if c.subcommand() != "init" {
		return c.args
	}
	i := slices.Index(c.args, "init")
	return slices.Insert(slices.Clone(c.args), i+1, "-reconfigure")
}
