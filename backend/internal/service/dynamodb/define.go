package dynamodb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of tables (DynamoDB quotas).
const (
	maxLocal  = 5
	maxGlobal = 20
)

// defined reads and checks what a table is to be.
func defined(in *dynamodb.CreateTableInput) (*definition, error) {
	d := &definition{Billing: string(in.BillingMode), Class: string(in.TableClass), Protected: aws.ToBool(in.DeletionProtectionEnabled), Tags: tagsOf(in.Tags),
		Partitions: partitionsProvisioned}
	if d.Class == "" {
		d.Class = string(types.TableClassStandard)
	}
	if d.Billing == onDemand {
		d.Partitions = partitionsOnDemand
	}
	var err error
	if d.Billing, d.Throughput, err = billed(in.BillingMode, in.ProvisionedThroughput); err != nil {
		return nil, err
	}
	if d.OnDemandMax, err = d.onDemand(in.OnDemandThroughput); err != nil {
		return nil, err
	}
	if d.Attributes, err = attributesOf(in.AttributeDefinitions); err != nil {
		return nil, err
	}
	if d.Keys, err = d.keysOf(in.KeySchema); err != nil {
		return nil, err
	}
	if err := d.addLocal(in.LocalSecondaryIndexes); err != nil {
		return nil, err
	}
	if in.GlobalSecondaryIndexes != nil && len(in.GlobalSecondaryIndexes) == 0 {
		return nil, invalid("One or more parameter values were invalid: List of GlobalSecondaryIndexes is empty")
	}
	for _, g := range in.GlobalSecondaryIndexes {
		if err := d.addGlobal(g); err != nil {
			return nil, err
		}
	}
	if err := d.everyAttributeIsUsed(); err != nil {
		return nil, err
	}
	if in.StreamSpecification != nil {
		if d.Stream, err = streamOf(in.StreamSpecification); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// billed checks the billing mode against the throughput.
func billed(mode types.BillingMode, given *types.ProvisionedThroughput) (string, throughput, error) {
	t := throughput{}
	if given != nil {
		t = throughput{aws.ToInt64(given.ReadCapacityUnits), aws.ToInt64(given.WriteCapacityUnits)}
	}
	switch mode {
	case types.BillingModePayPerRequest:
		if given != nil {
			return "", t, invalid("One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		return onDemand, t, nil
	case types.BillingModeProvisioned, "":
		if given == nil {
			return "", t, invalid("One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED")
		}
		return provisioned, t, checkThroughput(given)
	}
	return "", t, wire.Validation(wire.Enum("billingMode", string(mode), []string{"PROVISIONED", "PAY_PER_REQUEST"}))
}

func checkThroughput(given *types.ProvisionedThroughput) error {
	var v []wire.Violation
	if n := aws.ToInt64(given.ReadCapacityUnits); n < 1 {
		v = append(v, wire.AtLeast("provisionedThroughput.readCapacityUnits", int(n), 1))
	}
	if n := aws.ToInt64(given.WriteCapacityUnits); n < 1 {
		v = append(v, wire.AtLeast("provisionedThroughput.writeCapacityUnits", int(n), 1))
	}
	return wire.Validation(v...)
}

func (d *definition) onDemand(given *types.OnDemandThroughput) (*throughput, error) {
	if given == nil {
		return nil, nil
	}
	if d.Billing != onDemand {
		return nil, invalid("One or more parameter values were invalid: OnDemandThroughput can only be specified when BillingMode is PAY_PER_REQUEST")
	}
	t := throughput{-1, -1}
	if given.MaxReadRequestUnits != nil {
		t.Read = *given.MaxReadRequestUnits
	}
	if given.MaxWriteRequestUnits != nil {
		t.Write = *given.MaxWriteRequestUnits
	}
	return &t, nil
}

func attributesOf(in []types.AttributeDefinition) ([]attribute, error) {
	var out []attribute
	for i, a := range in {
		switch a.AttributeType {
		case types.ScalarAttributeTypeS, types.ScalarAttributeTypeN, types.ScalarAttributeTypeB:
		default:
			return nil, wire.Validation(wire.Enum(fmt.Sprintf("attributeDefinitions.%d.member.attributeType", i+1), string(a.AttributeType), []string{"B", "N", "S"}))
		}
		name := aws.ToString(a.AttributeName)
		if slices.ContainsFunc(out, func(x attribute) bool { return x.Name == name }) {
			return nil, invalid("One or more parameter values were invalid: Duplicate AttributeName in AttributeDefinitions: %s", name)
		}
		out = append(out, attribute{name, expression.Type(a.AttributeType)})
	}
	return out, nil
}

// keysOf reads a key schema; every key must be a defined attribute.
func (d *definition) keysOf(in []types.KeySchemaElement) (keys, error) {
	var k keys
	if len(in) == 0 {
		return k, wire.Validation(wire.NotNull("keySchema"))
	}
	var missing []string
	names := make([]string, len(in))
	for i, e := range in {
		names[i] = aws.ToString(e.AttributeName)
		if d.typeOf(names[i]) == "" {
			missing = append(missing, names[i])
		}
	}
	defined := make([]string, len(d.Attributes))
	for i, a := range d.Attributes {
		defined[i] = a.Name
	}
	switch {
	case len(in) > 2:
		return k, wire.Validation(wire.Violation{Value: "[" + strings.Join(names, ", ") + "]", Path: "keySchema", Constraint: "Member must have length less than or equal to 2"})
	case missing != nil:
		return k, invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [%s], AttributeDefinitions: [%s]",
			strings.Join(names, ", "), strings.Join(defined, ", "))
	case in[0].KeyType != types.KeyTypeHash:
		return k, invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	case len(in) == 2 && names[0] == names[1]:
		return k, invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	case len(in) == 2 && in[1].KeyType != types.KeyTypeRange:
		return k, invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	}
	k.Hash = names[0]
	if len(in) == 2 {
		k.Range = names[1]
	}
	return k, nil
}

func (d *definition) addLocal(list []types.LocalSecondaryIndex) error {
	if list != nil && len(list) == 0 {
		return invalid("One or more parameter values were invalid: List of LocalSecondaryIndexes is empty")
	}
	if len(list) > maxLocal {
		return invalid("One or more parameter values were invalid: Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocal)
	}
	for _, in := range list {
		name := aws.ToString(in.IndexName)
		if d.Keys.Range == "" {
			return invalid("One or more parameter values were invalid: Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
		}
		k, err := d.keysOf(in.KeySchema)
		switch {
		case err != nil:
			return err
		case k.Range == "":
			return invalid("One or more parameter values were invalid: Index KeySchema does not have a range key for index: %s", name)
		case k.Hash != d.Keys.Hash:
			return invalid("One or more parameter values were invalid: Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s", name, k.Hash, d.Keys.Hash)
		}
		if err := d.addIndex(index{Name: name, Keys: k}, in.Projection); err != nil {
			return err
		}
	}
	return nil
}

func (d *definition) addGlobal(in types.GlobalSecondaryIndex) error {
	name := aws.ToString(in.IndexName)
	if in.WarmThroughput != nil || in.OnDemandThroughput != nil {
		return unsupported("WarmThroughput and OnDemandThroughput of the index "+name, "CreateTable")
	}
	k, err := d.keysOf(in.KeySchema)
	if err != nil {
		return err
	}
	x := index{Name: name, Global: true, Keys: k}
	switch {
	case d.Billing == onDemand && in.ProvisionedThroughput != nil:
		return invalid("One or more parameter values were invalid: ProvisionedThroughput should not be specified for index: %s when BillingMode is PAY_PER_REQUEST", name)
	case d.Billing == provisioned && in.ProvisionedThroughput == nil:
		return invalid("One or more parameter values were invalid: ProvisionedThroughput must be specified for index: %s", name)
	case in.ProvisionedThroughput != nil:
		if err := checkThroughput(in.ProvisionedThroughput); err != nil {
			return err
		}
		x.Throughput = throughput{*in.ProvisionedThroughput.ReadCapacityUnits, *in.ProvisionedThroughput.WriteCapacityUnits}
	}
	return d.addIndex(x, in.Projection)
}

func (d *definition) addIndex(x index, p *types.Projection) error {
	if p == nil || p.ProjectionType == "" {
		return invalid("One or more parameter values were invalid: Unknown ProjectionType: null")
	}
	x.Projection, x.NonKey = string(p.ProjectionType), p.NonKeyAttributes
	switch p.ProjectionType {
	case types.ProjectionTypeAll, types.ProjectionTypeKeysOnly:
		if x.NonKey != nil {
			return invalid("One or more parameter values were invalid: ProjectionType is %s, but NonKeyAttributes is specified", x.Projection)
		}
	case types.ProjectionTypeInclude:
		if x.NonKey == nil {
			return invalid("One or more parameter values were invalid: ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
		}
	default:
		return wire.Validation(wire.Enum("projection.projectionType", x.Projection, []string{"ALL", "INCLUDE", "KEYS_ONLY"}))
	}
	switch n := len(x.Name); {
	case n < 3 || n > 255:
		return invalid("IndexName must be at least 3 characters long and at most 255 characters long")
	case !tableName.MatchString(x.Name):
		return wire.Validation(wire.Pattern("indexName", x.Name, "[a-zA-Z0-9_.-]+"))
	case d.index(x.Name) != nil:
		return invalid("One or more parameter values were invalid: Duplicate index name: %s", x.Name)
	}
	globals := 0
	for _, other := range d.Indexes {
		if other.Global {
			globals++
		}
	}
	if x.Global && globals >= maxGlobal {
		return invalid("One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobal)
	}
	d.Numbered++
	x.N = d.Numbered
	d.Indexes = append(d.Indexes, x)
	return nil
}

func (d *definition) everyAttributeIsUsed() error {
	used := d.Keys.names()
	for _, x := range d.Indexes {
		used = append(used, x.Keys.names()...)
	}
	var names []string
	all := true
	for _, a := range d.Attributes {
		names = append(names, a.Name)
		all = all && slices.Contains(used, a.Name)
	}
	switch {
	case all:
		return nil
	case len(d.Indexes) == 0:
		return invalid("One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
	}
	slices.Sort(used)
	return invalid("One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [%s], keys used: [%s]",
		strings.Join(names, ", "), strings.Join(slices.Compact(used), ", "))
}

// streamOf reads a stream specification; nil where the stream is off.
func streamOf(in *types.StreamSpecification) (*streamState, error) {
	switch {
	case !aws.ToBool(in.StreamEnabled) && in.StreamViewType != "":
		return nil, invalid("One or more parameter values were invalid: UnexpectedParameter: StreamViewType is not allowed when StreamEnabled is false")
	case !aws.ToBool(in.StreamEnabled):
		return nil, nil
	case in.StreamViewType == "":
		return nil, invalid("One or more parameter values were invalid: MissingParameter: StreamViewType is required when StreamEnabled is true")
	case !slices.Contains(in.StreamViewType.Values(), in.StreamViewType):
		return nil, wire.Validation(wire.Enum("streamSpecification.streamViewType", string(in.StreamViewType), []string{"NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES", "KEYS_ONLY"}))
	}
	return &streamState{View: string(in.StreamViewType), Enabled: true}, nil
}
