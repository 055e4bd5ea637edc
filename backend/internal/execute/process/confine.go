package process

import "cmp"

// view is where a program finds its folders, as it sees them itself.
type view struct {
	root      string // on the machine; "": the machine's own
	task      string // the unpacked package
	client    string // the runtime's client
	libraries string // AWS SDKs; "": none
	opt       string // where layers are: /opt, unless the root is the machine's own
	layers    string // opt, of a function with layers; "" of others
	tmp       string
}

// confinement is what keeps a program to itself, besides its user: a root folder of its own where the backend may mount,
// and a Landlock domain where the kernel has it. The folders are as the machine sees them.
type confinement struct {
	abilities
	view      view
	root      string // an empty folder to mount the root on
	task      string
	client    string
	libraries string
	layers    string // "": the function has none
	tmp       string
	prefixes  []string // of the interpreter
	share     []string // folders of the user's that functions may use
}

// confine says how a program of the package at task is confined, with its layers at layers and its temporary files at tmp.
func (e *Executor) confine(task, layers, tmp string) confinement {
	h := &e.home
	c := confinement{abilities: h.can, root: h.root(), task: task, client: h.runtime(""), libraries: e.libraries(), layers: layers, tmp: tmp, share: e.Share}
	c.view = view{task: task, client: c.client, libraries: c.libraries, layers: layers, opt: cmp.Or(layers, "/opt"), tmp: tmp}
	if c.mounts {
		c.view = view{root: c.root, task: "/var/task", client: "/var/runtime", opt: "/opt", tmp: "/tmp"}
		if layers != "" {
			c.view.layers = "/opt"
		}
		if c.libraries != "" {
			c.view.libraries = "/var/lang/libraries"
		}
	}
	return c
}
