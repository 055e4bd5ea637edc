// Package check judges a whole Terraform plan before it is applied: will every source be let in by its function, and may
// every execution role do what its mappings and destinations ask of it?
//
// It reads what "terraform show -json" prints and nothing else: no backend, no network, no AWS account, no HCL. It decides
// with backend/policy, the evaluator that the simulator itself uses, and builds the requests as the simulator builds them:
//
//   - a trigger asks as push does: the service as principal, lambda:InvokeFunction on the ARN that the source is
//     configured to call, aws:SourceArn and aws:SourceAccount of the source (Lambda developer guide, resource-based
//     policies, and each service's page);
//   - an event source mapping asks as pull does: Lambda assumes the execution role, which then must have every action
//     that Lambda checks when a mapping is made;
//   - a destination or dead-letter queue asks with the execution role too.
//
// # What a plan knows
//
// A value that the provider computes is not in a plan. Its place is taken by a symbol: the ARN is put together from what
// is known (type, name, region, account), and a part that is not known is named in braces after the attribute that will
// have it: arn:aws:s3:::{aws_s3_bucket.inbox.bucket}. Two ways to one attribute give the same symbol, so that they compare
// equal. Ways are followed through the configuration that the plan carries: references, module inputs and outputs, count
// and for_each. Locals and dynamic blocks are not carried; what comes through them stays unknown, and is said to.
//
// A plan lists what an expression refers to, not what it does with it: "${aws_s3_bucket.b.arn}/*" and aws_s3_bucket.b.arn
// look alike. A value is therefore one of three: exact; taken, which is a lone reference taken as it stands, with a
// sentence in Finding.Assumes; or open, with the reason.
//
// # Three answers
//
// Every question is asked three times: of policies in which only what is exact grants (certain), in which what is taken
// grants too (likely), and in which what is open grants all that it may come to (possible). Refused even then is
// Missing; allowed already by the likely ones is Allowed, with its assumptions if the certain ones refuse; what lies
// between is Unknown. Nothing is called allowed or missing that may turn out otherwise, but for the assumptions that are
// named.
//
// What is legal and yet a well-known mistake becomes a Notice. What lies outside the plan (a function, role or policy of
// another state) is never guessed: Unknown.
package check
