package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
)

// shrink makes the smallest case that still fails, by leaving out one member or element after the other.
func shrink(c *testCase, fails func(*testCase) bool) *testCase {
	for smaller := true; smaller; {
		smaller = false
		for _, tree := range without(treeOf(c)) {
			next := &testCase{}
			if json.Unmarshal(encode(tree), next) == nil && next.Principal == c.Principal && next.Action == c.Action && next.Resource == c.Resource && fails(next) {
				c, smaller = next, true
				break
			}
		}
	}
	return c
}

func treeOf(c *testCase) (tree any) {
	if err := json.Unmarshal(encode(c), &tree); err != nil {
		panic(err)
	}
	return tree
}

// without is every tree that lacks one thing of this one; also each list of one thing as that thing.
func without(tree any) (list []any) {
	switch tree := tree.(type) {
	case object:
		for _, k := range slices.Sorted(maps.Keys(tree)) {
			rest := maps.Clone(tree)
			delete(rest, k)
			list = append(list, rest)
			for _, smaller := range without(tree[k]) {
				one := maps.Clone(tree)
				one[k] = smaller
				list = append(list, one)
			}
		}
	case []any:
		for i := range tree {
			if len(tree) > 1 {
				list = append(list, slices.Delete(slices.Clone(tree), i, i+1))
			}
			for _, smaller := range without(tree[i]) {
				one := slices.Clone(tree)
				one[i] = smaller
				list = append(list, one)
			}
		}
	}
	return list
}
