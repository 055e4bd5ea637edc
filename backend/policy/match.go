package policy

import "strings"

// In a compiled pattern the wildcards are these characters of a private range, which no policy can contain; so that a "*"
// that a variable brings in, or that was written as ${*}, is only a character.
const (
	anyRun      = '\uE000' // * : any run, colons too
	anyRunInARN = '\uE001' // * : any run without a colon
	anyOne      = '\uE002' // ? : exactly one character
	anyOneInARN = '\uE003' // ? : exactly one, not a colon
)

// wildcards says how * and ? of a text are to be read.
type wildcards int

const (
	literal   wildcards = iota // they are characters
	plain                      // anywhere, across everything
	resource                   // ARN segments; a * that ends its segment may go on beyond the colon
	arnEquals                  // ARN segments, strictly
)

// compile replaces the wildcards of one stretch of text. colons is how many colons of the whole pattern lie before it; it
// returns how many there are after it.
func compile(text string, w wildcards, colons int, last bool) (string, int) {
	if w == literal || !strings.ContainsAny(text, "*?:") {
		return text, colons
	}
	var b strings.Builder
	for i := range len(text) {
		switch ch := text[i]; ch {
		case ':':
			colons++
			b.WriteByte(ch)
		case '*':
			ends := (i+1 == len(text) && last) || (i+1 < len(text) && text[i+1] == ':')
			b.WriteRune(star(w, colons, ends))
		case '?':
			if w == plain || colons >= 5 {
				b.WriteRune(anyOne)
			} else {
				b.WriteRune(anyOneInARN)
			}
		default:
			b.WriteByte(ch)
		}
	}
	return b.String(), colons
}

func star(w wildcards, colons int, endsSegment bool) rune {
	if w == plain || colons >= 5 || (w == resource && endsSegment) {
		return anyRun
	}
	return anyRunInARN
}

// glob matches s against a compiled pattern.
func glob(pattern, s string) bool {
	if !strings.ContainsAny(pattern, "\uE000\uE001\uE002\uE003") {
		return pattern == s
	}
	return globRunes([]rune(pattern), []rune(s))
}

// globRunes goes through the pattern once and keeps the set of places in s that can be reached: no backtracking, so that
// a hostile pattern costs len(pattern)*len(s) at most.
func globRunes(pattern, s []rune) bool {
	reach := make([]bool, len(s)+1)
	reach[0] = true
	for _, p := range pattern {
		switch p {
		case anyRun, anyRunInARN:
			for i := 1; i <= len(s); i++ {
				reach[i] = reach[i] || reach[i-1] && (p == anyRun || s[i-1] != ':')
			}
			continue
		}
		some := false
		for i := len(s); i > 0; i-- {
			reach[i] = reach[i-1] && (p == s[i-1] || p == anyOne || p == anyOneInARN && s[i-1] != ':')
			some = some || reach[i]
		}
		reach[0] = false
		if !some {
			return false
		}
	}
	return reach[len(s)]
}

// MatchAction reports whether an action pattern (service:Name with * and ?, or "*") covers an action, ignoring case.
func MatchAction(pattern, action string) bool {
	if pattern == "*" || strings.EqualFold(pattern, action) {
		return true
	}
	if !strings.ContainsAny(pattern, "*?") {
		return false
	}
	p, _ := compile(strings.ToLower(pattern), plain, 0, true)
	return glob(p, strings.ToLower(action))
}

// MatchResource reports whether a Resource pattern covers an ARN: segment by segment, case-sensitively; a * that ends a
// segment may go on beyond the colon.
func MatchResource(pattern, arn string) bool {
	p, _ := compile(pattern, resource, 0, true)
	return glob(p, arn)
}

// MatchARN reports whether an ARN satisfies ArnLike: six segments, each with * and ?, the sixth taking the rest.
func MatchARN(pattern, arn string) bool {
	p, _ := compile(pattern, arnEquals, 0, true)
	return isARN(arn) && glob(p, arn)
}

// isARN reports whether s has six segments and begins with "arn:".
func isARN(s string) bool { return strings.HasPrefix(s, "arn:") && strings.Count(s, ":") >= 5 }
