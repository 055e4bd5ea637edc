package provider

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// code is the AWS error code of err, "" when it has none.
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// isNotFound reports whether err says that the thing does not exist.
func isNotFound(err error) bool {
	switch code(err) {
	case "ResourceNotFoundException", "NoSuchEntity", "NoSuchBucket", "NoSuchKey", "NotFound", "ResourceNotFound", "UserNotFoundException", "NoSuchTagSet",
		"NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "OwnershipControlsNotFoundError", "NoSuchLifecycleConfiguration",
		"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist":
		return true
	}
	return false
}

// addError reports what failed, on what, with AWS's code, message and request id, and what would mend it where that is
// known.
func addError(diags *diag.Diagnostics, doing, what string, err error) {
	diags.AddError(fmt.Sprintf("%s %s", doing, what), explain(err))
}

func explain(err error) string {
	text := explainAlone(err)
	if e, ok := errors.AsType[*loggedError](err); ok {
		text += "\nThe backend's log is " + e.log + "."
	}
	return text
}

func explainAlone(err error) string {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		if _, ours := errors.AsType[*loggedError](err); ours {
			return fmt.Sprintf("The simulator that the provider found or started for this folder has ended: %v\n\nRun the command again: it starts a new one, which goes on with what was kept.", err)
		}
		return fmt.Sprintf("The simulator does not answer: %v\n\nStart it with `terraform-provider-lambdasim backend`, and name its address in the provider's endpoint or in LAMBDASIM_ENDPOINT.", err)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err.Error()
	}
	text := api.ErrorCode() + ": " + api.ErrorMessage()
	if detail := detailOf(err); detail != "" {
		text += "\n\n" + detail
	}
	if hint := hintFor(api); hint != "" {
		text += "\n\n" + hint
	}
	if r, ok := errors.AsType[*http.ResponseError](err); ok {
		text += "\n\nRequest id " + r.ServiceRequestID() + "; the backend's log has more under it."
	}
	return text
}

// detailOf is what the simulator says beside AWS's text: where a policy is malformed, or which statements refused and what
// would mend it.
func detailOf(err error) string {
	r, ok := errors.AsType[*http.ResponseError](err)
	if !ok || r.Response == nil {
		return ""
	}
	return strings.ReplaceAll(r.Response.Header.Get("X-Lambdasim-Detail"), " | ", "\n")
}

// hintFor says what would mend an error that people meet often.
func hintFor(e smithy.APIError) string {
	switch message := e.ErrorMessage(); {
	case strings.Contains(message, "Unable to validate the following destination configurations"):
		return "S3 asks each function's policy before it takes the notification. Give the function a permission with principal \"s3.amazonaws.com\" " +
			"and this bucket's ARN as source_arn, and let the notification depend on it (depends_on). The backend's log says which condition failed."
	case strings.Contains(message, "cannot be assumed by Lambda"):
		return "The role must exist, and its assume_role_policy must allow sts:AssumeRole to the service lambda.amazonaws.com."
	case strings.HasSuffix(message, "invocation failed due to error AccessDeniedException."):
		return "The pool asked the trigger's function, whose policy does not let it in. Give the function a permission with principal \"cognito-idp.amazonaws.com\" and the pool's ARN as source_arn, and let what needs it depend on it (depends_on)."
	case strings.Contains(message, "Please ensure the role can perform"):
		return "The function's execution role needs these actions on the stream: add them to a policy of the role, and let the mapping depend on it."
	case e.ErrorCode() == "InvalidClientTokenId" || e.ErrorCode() == "UnrecognizedClientException" || e.ErrorCode() == "InvalidAccessKeyId":
		return "The backend did not issue this access key. Leave access_key out, or use \"test\", an account's twelve digits, or a key that this backend's IAM issued."
	}
	return ""
}

// refusal says that an argument is not simulated.
func refusal(name string) (summary, detail string) {
	return fmt.Sprintf("%s is not simulated", name),
		fmt.Sprintf("lambdasim does not act on %s yet, and does not pretend to. Leave it out, or follow docs/arguments.md for what is simulated.", name)
}
