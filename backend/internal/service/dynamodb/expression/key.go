package expression

import "strings"

// KeyCondition is what a key condition demands of one key: an operator (=, <, <=, >, >=, between, begins_with) and its values.
type KeyCondition struct {
	Operator string
	Values   []Value
}

// Keys reads the condition as a key condition: one simple condition for each key, joined with AND.
func (c *Condition) Keys() (map[string]KeyCondition, error) {
	keys := map[string]KeyCondition{}
	return keys, c.keys(c.root, keys)
}

func (c *Condition) keys(n *node, keys map[string]KeyCondition) error {
	switch n.op {
	case "and":
		if err := c.keys(n.args[0], keys); err != nil {
			return err
		}
		return c.keys(n.args[1], keys)
	case "or", "not", "in", "<>":
		return Error("Invalid operator used in KeyConditionExpression: " + strings.ToUpper(n.op))
	case "call":
		if n.name != "begins_with" {
			return Error("Invalid operator used in KeyConditionExpression: " + n.name)
		}
	}
	return c.key(n, keys)
}

func (c *Condition) key(n *node, keys map[string]KeyCondition) error {
	operator := n.op
	if n.op == "call" {
		operator = n.name
	}
	name, at := "", 0
	k := KeyCondition{Operator: operator}
	for i, arg := range n.args {
		switch arg.op {
		case "call":
			return Error("KeyConditionExpressions cannot contain nested operations")
		case "value":
			k.Values = append(k.Values, c.values[arg.name])
			continue
		}
		p := c.resolve(arg.path)
		switch {
		case name != "":
			return Error("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition")
		case len(p) > 1:
			return Error("KeyConditionExpressions cannot have conditions on nested attributes")
		}
		name, at = p[0].Name, i
	}
	switch {
	case name == "":
		return Error("Invalid condition in KeyConditionExpression: No key attribute specified")
	case at > 0 && (operator == "between" || operator == "begins_with"):
		if operator == "between" {
			operator = "BETWEEN"
		}
		return Error("Invalid condition in KeyConditionExpression: " + operator + " operator must have the key attribute as its first operand")
	case at > 0:
		k.Operator = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[operator]
	}
	if _, twice := keys[name]; twice {
		return Error("KeyConditionExpressions must only contain one condition per key")
	}
	keys[name] = k
	return nil
}
