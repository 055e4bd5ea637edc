// Package expression is DynamoDB's expression language and the values it works on. It is pure: it reads and writes nothing,
// knows no table and no protocol, and uses the standard library alone.
//
// A request brings up to five texts (condition, filter, key condition, update, projection) with the #names and :values that
// they use. Compile turns them into what can be evaluated:
//
//	text ──lex, parse──▶ tree (kept by its text) ──check, with the names and values──▶ Condition, Update, Projection, KeyConditions
//
// One lexer and one recursive-descent parser serve all five; they differ in where they begin. A tree knows nothing of names
// and values, so it is parsed once however often it is used. The checks need both, and refuse in the order in which AWS
// does: redundant parentheses, unknown functions, misused functions, reserved words, undefined names and values, numbers of
// operands, types of operands. A name or value that no expression uses is refused too.
//
// Numbers are decimal and exact: 38 significant digits, magnitudes from 1E-130 to 9.99…E+125. There is no float in here.
//
// An update evaluates every right-hand side against the item as it was, then applies all actions at once; what they do not
// touch is shared with the old item, which is never changed.
//
// Sources: DynamoDB developer guide, "Using expressions", "Naming rules", "Reserved words" and "Constraints"; the texts of
// refusals as users and the tests of public emulators that were run against the real service have recorded them.
package expression

// Error is a refusal in AWS's words: what a ValidationException says.
type Error string

func (e Error) Error() string { return string(e) }
