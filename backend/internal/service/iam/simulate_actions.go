package iam

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// actionsText lists the actions of AWS's Service Authorization Reference, a line a service: "SERVICE@OWNERS ACTION ACTION …".
// OWNERS are the services that the ARNs of its resources have. An action with a "!" is about no resource; one of IAM and STS
// has the types of its resources behind a colon. simulate_generate.go makes it.
//
//go:embed simulate_actions.txt.gz
var actionsText []byte

// actionFacts is what is known of an action.
type actionFacts struct {
	owners     []string // services of its resources' ARNs; none: not known
	noResource bool
	types      []string // of resources, where only they count
}

var knownActions = sync.OnceValue(func() map[string]actionFacts {
	known := map[string]actionFacts{}
	unzip, err := gzip.NewReader(bytes.NewReader(actionsText))
	if err != nil {
		panic(err) // the file is part of the program
	}
	lines := bufio.NewScanner(unzip)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		service, list, _ := strings.Cut(words[0], "@")
		var owners []string
		if list != "" {
			owners = strings.Split(list, ",")
		}
		for _, word := range words[1:] {
			name, bare := strings.CutPrefix(word, "!")
			name, types, typed := strings.Cut(name, ":")
			f := actionFacts{owners: owners, noResource: bare}
			if typed {
				f.types = strings.Split(types, ",")
			}
			known[strings.ToLower(service+":"+name)] = f
		}
	}
	return known
})

// lookAction finds an action of AWS. Its spelling may differ in case.
func lookAction(action string) (actionFacts, bool) {
	f, ok := knownActions()[strings.ToLower(action)]
	return f, ok
}

// supports reports whether an action can be about a resource. One that AWS does not know is taken at its word. What was
// recorded: an action without resources (s3:ListAllMyBuckets, ec2:DescribeInstances, iam:ListUsers, sts:GetCallerIdentity)
// is allowed on none that is named; one on a resource of another service neither; the actions of IAM and STS hold to the
// type of resource (iam:PassRole to roles); S3's do not (s3:GetObject on a bucket is allowed).
func supports(action, resource string) bool {
	if resource == "*" {
		return true
	}
	f, ok := lookAction(action)
	if !ok {
		return true
	}
	p := strings.SplitN(resource, ":", 6)
	if f.noResource || len(f.owners) > 0 && !slices.Contains(f.owners, p[2]) {
		return false
	}
	if f.types == nil {
		return true
	}
	kind, _, _ := strings.Cut(p[5], "/")
	if kind == "root" {
		kind = "root-user"
	}
	return strings.ContainsAny(kind, "*?") || slices.Contains(f.types, kind)
}

// templates are the forms of ARNs that the simulator answers as the name of several resources, by service: recorded, except
// where it says otherwise.
var templates = map[string]string{
	"cognito-idp":    "arn:aws:cognito-idp:${Region}:${Account}:${ResourceType}/${ResourcePath}:",
	"dynamodb":       "arn:aws:dynamodb:${Region}:${Account}:${ResourceType}/${ResourcePath}",
	"ec2":            "arn:aws:ec2:${Region}:${Account}:${ResourceType}/${ResourcePath}",
	"execute-api":    "arn:aws:execute-api:${Region}:${Account}:${ResourcePath}",
	"iam":            "arn:aws:iam::${Account}:${ResourceType}/${ResourceName}",
	"kinesis":        "arn:aws:kinesis:${Region}:${Account}:${ResourceType}/${ResourceName}",
	"kms":            "arn:aws:kms:${Region}:${Account}:${ResourceType}/${Id}",
	"lambda":         "arn:aws:lambda:${Region}:${Account}:${ResourceType}:${ResourceId}",
	"logs":           "arn:aws:logs:${Region}:${Account}:.+",
	"s3":             "arn:aws:s3:::${BucketName}/${KeyName}",
	"secretsmanager": "arn:aws:secretsmanager:${Region}:${Account}:secret:${SecretId}",
	"sns":            "arn:aws:sns:${Region}:${Account}:${TopicName}",
	"sqs":            "arn:aws:sqs:${Region}:${Account}:${QueueName}",
	"states":         "arn:aws:states:${Region}:${Account}:${ResourceType}:${ResourceName}",
	"sts":            "arn:aws:iam::${Account}:${RelativeId}",

	// Not recorded; the form that most services have.
	"cloudwatch":           "arn:aws:cloudwatch:${Region}:${Account}:${ResourceType}:${ResourceName}",
	"cognito-identity":     "arn:aws:cognito-identity:${Region}:${Account}:${ResourceType}/${ResourcePath}",
	"ecr":                  "arn:aws:ecr:${Region}:${Account}:${ResourceType}/${ResourceName}",
	"ecs":                  "arn:aws:ecs:${Region}:${Account}:${ResourceType}/${ResourceName}",
	"elasticloadbalancing": "arn:aws:elasticloadbalancing:${Region}:${Account}:${ResourceType}/${ResourceName}",
	"events":               "arn:aws:events:${Region}:${Account}:${ResourceType}/${ResourceName}",
	"firehose":             "arn:aws:firehose:${Region}:${Account}:${ResourceType}/${ResourceName}",
	"pipes":                "arn:aws:pipes:${Region}:${Account}:${ResourceType}/${ResourceName}",
	"rds":                  "arn:aws:rds:${Region}:${Account}:${ResourceType}:${ResourceName}",
	"scheduler":            "arn:aws:scheduler:${Region}:${Account}:${ResourceType}/${ResourceName}",
	"ssm":                  "arn:aws:ssm:${Region}:${Account}:${ResourceType}/${ResourceName}",
}

// arnTemplate is the form of the ARNs of an action's service; "*" for an action or a service whose form is not known.
func arnTemplate(action string) string {
	if _, ok := lookAction(action); !ok {
		return "*"
	}
	service, _, _ := strings.Cut(strings.ToLower(action), ":")
	if t, ok := templates[service]; ok {
		return t
	}
	return "*"
}
