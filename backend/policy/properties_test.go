package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// changes are things to do to a case, each with what must then hold between the verdict before and the one after. A change
// that does not apply to a case returns false.
var changes = map[string]struct {
	change func(g generator, c *testCase) bool
	holds  func(before, after policy.Verdict) bool
}{
	"a deny that is added never turns a refusal into an allow": {addStatement("Deny"), func(before, after policy.Verdict) bool {
		return after == before || after == policy.ExplicitDeny
	}},
	"an allow that is added lifts no explicit deny and refuses nothing": {addStatement("Allow"), func(before, after policy.Verdict) bool {
		return after == before || before == policy.ImplicitDeny && after == policy.Allowed
	}},
	"renaming is neutral":                     {rename, same},
	"the order of all lists is neutral":       {shuffle, same},
	"a policy that is there twice is neutral": {double, same},
	"what bounds never grants": {bound, func(before, after policy.Verdict) bool {
		return after == before || after != policy.Allowed
	}},
	"a boundary, SCPs and session policies that allow all grant nothing by themselves": {boundsAlone, func(_, after policy.Verdict) bool {
		return after == policy.ImplicitDeny
	}},
	"white space in a document is neutral": {indent, same},
}

func same(before, after policy.Verdict) bool { return before == after }

func TestChanges(t *testing.T) {
	n := uint64(fromEnv("POLICY_CASES", 20_000) / 20)
	for name, p := range changes {
		t.Run(name, func(t *testing.T) {
			applied, moved := 0, 0
			for i := range n {
				g := newGenerator(uint64(fromEnv("POLICY_SEED", 1))<<40 + i)
				c := g.new()
				before, err := c.evaluate()
				if err != nil {
					t.Fatal(err)
				}
				changed := clone(c)
				if !p.change(g, changed) {
					continue
				}
				applied++
				after, err := changed.evaluate()
				if err != nil {
					t.Fatalf("%v\nbefore: %s\nafter: %s", err, c, changed)
				}
				if after.Verdict != before.Verdict {
					moved++
				}
				if !p.holds(before.Verdict, after.Verdict) {
					t.Fatalf("%s became %s\nbefore: %s\nafter: %s", before.Verdict, after.Verdict, c, changed)
				}
			}
			if applied < int(n)/20 {
				t.Errorf("only %d of %d cases were changed", applied, n)
			}
			t.Logf("%d cases changed, %d verdicts moved", applied, moved)
		})
	}
}

// TestTheExplanationSaysTheSame: the explanation's verdict is the verdict, and its reasons bear it out.
func TestTheExplanationSaysTheSame(t *testing.T) {
	for i := range uint64(fromEnv("POLICY_CASES", 20_000) / 5) {
		c := newGenerator(1<<41 + i).new()
		x := c.explain(t)
		denied, statements := false, 0
		for _, r := range x.Reasons {
			denied = denied || r.Matched && r.Effect == policy.Deny
			if r.Matched != (r.Mismatch == "") {
				t.Fatalf("a reason matched: %v, yet lacked: %q\n%s", r.Matched, r.Mismatch, c)
			}
		}
		for _, text := range c.documents() {
			statements += len(parse(t, text).Statements)
		}
		if ignored := c.SCPs != nil || c.RCPs != nil; !ignored && len(x.Reasons) != statements { // which do not apply to everybody
			t.Fatalf("%d reasons for %d statements\n%s", len(x.Reasons), statements, c)
		}
		if denied != (x.Verdict == policy.ExplicitDeny) {
			t.Fatalf("%s, and a statement that denies matched: %v\n%s\n%s", x.Verdict, denied, x.Text(), c)
		}
		if (x.Verdict == policy.Allowed) != strings.HasPrefix(x.Text(), "allowed") {
			t.Fatalf("%s: %s\n%s", x.Verdict, x.Text(), c)
		}
		if t.Failed() {
			return
		}
	}
}

func clone(c *testCase) *testCase {
	out := &testCase{}
	if err := json.Unmarshal(encode(c), out); err != nil {
		panic(err)
	}
	return out
}

// slots are the places where a case holds a policy.
func (c *testCase) slots() (list []*json.RawMessage) {
	for _, texts := range append([][]json.RawMessage{c.Identity, c.Session, c.RCPs}, c.SCPs...) {
		for i := range texts {
			list = append(list, &texts[i])
		}
	}
	for _, one := range []*json.RawMessage{&c.ResourcePolicy, &c.Boundary} {
		if *one != nil {
			list = append(list, one)
		}
	}
	return list
}

func (c *testCase) documents() (list []json.RawMessage) {
	for _, s := range c.slots() {
		list = append(list, *s)
	}
	return list
}

// addStatement adds a statement of an effect to one of the case's policies; RCPs only deny.
func addStatement(effect string) func(g generator, c *testCase) bool {
	return func(g generator, c *testCase) bool {
		slots := c.slots()
		if len(slots) == 0 {
			return false
		}
		at := pick(g, slots...)
		doc := (&reference{read: map[string]object{}}).document(*at)
		statements := listOf(doc["Statement"])
		_, principal := statements[0].(object)["Principal"]
		_, not := statements[0].(object)["NotPrincipal"]
		s := g.statement(2, principal || not)
		s["Effect"] = effect
		doc["Statement"] = append([]any{s}, statements...)
		*at = encode(doc)
		return true
	}
}

// rename gives accounts and names other names, one to one.
func rename(_ generator, c *testCase) bool {
	text := strings.NewReplacer(home, "333333333333", abroad, "444444444444", "bob", "rob", "eve", "zoe", "BOB", "ROB", "EVE", "ZOE",
		"poller", "reader", "POLLER", "READER", "guest", "visit", "GUEST", "VISIT", "x:text", "y:words", "X:TEXT", "Y:WORDS").Replace(string(encode(c)))
	*c = testCase{}
	return json.Unmarshal([]byte(text), c) == nil
}

// shuffle changes the order of everything whose order must not matter. An address list stops at a value that is none, so
// that its order does.
func shuffle(g generator, c *testCase) bool {
	tree := treeOf(c)
	g.shuffleTree(tree)
	*c = testCase{}
	return json.Unmarshal(encode(tree), c) == nil
}

func (g generator) shuffleTree(tree any) {
	switch tree := tree.(type) {
	case object:
		for name, v := range tree {
			if !strings.Contains(name, "IpAddress") {
				g.shuffleTree(v)
			}
		}
	case []any:
		g.Shuffle(len(tree), func(i, j int) { tree[i], tree[j] = tree[j], tree[i] })
		for _, v := range tree {
			g.shuffleTree(v)
		}
	}
}

func double(g generator, c *testCase) bool {
	lists := []*[]json.RawMessage{&c.Identity, &c.Session, &c.RCPs}
	for i := range c.SCPs {
		lists = append(lists, &c.SCPs[i])
	}
	some := false
	for _, l := range lists {
		some = some || len(*l) > 0
		*l = append(*l, *l...)
	}
	if len(c.SCPs) > 0 {
		c.SCPs = append(c.SCPs, c.SCPs[0])
	}
	return some
}

// bound adds a boundary, an SCP level, a session policy or an RCP to a case that has none.
func bound(g generator, c *testCase) bool {
	doc := g.document(g.IntN(3), false)
	own := c.Principal.Kind == "user" || c.Principal.Kind == "role session" || c.Principal.Kind == "federated user"
	switch g.IntN(4) {
	case 0:
		if c.Boundary != nil || !own {
			return false
		}
		c.Boundary = doc
	case 1:
		c.SCPs = append(c.SCPs, []json.RawMessage{doc})
	case 2:
		if len(c.Session) > 0 || c.Principal.Kind != "role session" {
			return false
		}
		c.Session = []json.RawMessage{doc}
	case 3:
		c.RCPs = append(c.RCPs, g.rcp())
	}
	return true
}

func boundsAlone(_ generator, c *testCase) bool {
	if kind := c.Principal.Kind; kind != "user" && kind != "role session" && kind != "federated user" {
		return false
	}
	all := []json.RawMessage{json.RawMessage(everything)}
	c.Identity, c.ResourcePolicy, c.RCPs, c.Boundary, c.SCPs = nil, nil, nil, all[0], [][]json.RawMessage{all, all}
	if c.Principal.Kind != "user" {
		c.Session = all
	}
	return true
}

func indent(_ generator, c *testCase) bool {
	for _, s := range c.slots() {
		var doc any
		if json.Unmarshal(*s, &doc) != nil {
			return false
		}
		*s, _ = json.MarshalIndent(doc, "\t", " \r\n")
	}
	return len(c.slots()) > 0
}
