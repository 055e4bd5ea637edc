package dropin

import (
	"fmt"
	"slices"

	version "github.com/hashicorp/go-version"
)

// majors are the versions that a mirror has when nothing asks for others: one for each major line that modules pin.
var majors = []string{"3.99.0", "4.99.0", "5.99.0", "6.99.0"}

// choose finds a version that satisfies every constraint ("~> 5.0", ">= 4, < 6", "5.31.0"). Without a preference it is the
// highest of those that the constraints themselves suggest; preferred versions are tried first, in order. It is an error
// when there is none: then no version at all would do, of the real provider's neither.
func choose(constraints []string, preferred ...string) (string, error) {
	var all version.Constraints
	for _, text := range constraints {
		c, err := version.NewConstraint(text)
		if err != nil {
			return "", fmt.Errorf("the version constraint %q: %w", text, err)
		}
		all = append(all, c...)
	}
	for _, text := range preferred {
		if v, err := version.NewVersion(text); err == nil && all.Check(v) {
			return v.String(), nil
		}
	}
	candidates := suggestions(all)
	slices.SortFunc(candidates, func(x, y *version.Version) int { return y.Compare(x) })
	for _, v := range candidates {
		if all.Check(v) {
			return v.String(), nil
		}
	}
	return "", fmt.Errorf("no version satisfies all of %q", constraints)
}

// suggestions are versions at, and on either side of, each bound of the constraints.
func suggestions(all version.Constraints) []*version.Version {
	var list []*version.Version
	add := func(major, minor, patch int) {
		if major >= 0 && minor >= 0 && patch >= 0 {
			list = append(list, version.Must(version.NewVersion(fmt.Sprintf("%d.%d.%d", major, minor, patch))))
		}
	}
	for _, text := range majors {
		list = append(list, version.Must(version.NewVersion(text)))
	}
	for _, c := range all {
		bound, err := version.NewVersion(bare(c.String()))
		if err != nil {
			continue
		}
		list = append(list, bound)
		s := bound.Segments()
		major, minor, patch := s[0], s[1], s[2]
		add(major, minor, patch+1)
		add(major, minor, 99)
		add(major, minor+1, 0)
		add(major, 99, 0)
		add(major, minor, patch-1)
		add(major, minor-1, 99)
		add(major-1, 99, 0)
	}
	return list
}

// bare is a constraint without its operator.
func bare(constraint string) string {
	for i, r := range constraint {
		if r >= '0' && r <= '9' || r == 'v' {
			return constraint[i:]
		}
	}
	return ""
}
