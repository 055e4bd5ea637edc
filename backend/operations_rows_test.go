package backend_test

import (
	"encoding/base64"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

var s = aws.String

const (
	fnARN     = "arn:aws:lambda:us-east-1:000000000000:function:f"
	plainRole = "arn:aws:iam::000000000000:role/r"
	deepARN   = "arn:aws:iam::000000000000:role/team/deep"
	userARN   = "arn:aws:iam::000000000000:user/u"
	polARN    = "arn:aws:iam::000000000000:policy/p"
	uuid      = "11111111-2222-3333-4444-555555555555"
	signARN   = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdefa"
	layerARN  = "arn:aws:lambda:us-east-1:000000000000:layer:l"
	esmARN    = "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:" + uuid
)

func lambdaRows() map[string][]needs {
	tags := map[string]string{"team": "a"}
	code := &lambdatypes.FunctionCode{ZipFile: []byte("x")}
	create := func(tags map[string]string, role string) *lambda.CreateFunctionInput {
		return &lambda.CreateFunctionInput{FunctionName: s("new"), Role: &role, Runtime: "python3.12", Handler: s("h"), Code: code, Tags: tags}
	}
	const made = "arn:aws:lambda:us-east-1:000000000000:function:new"
	stream := s("arn:aws:kinesis:us-east-1:000000000000:stream/s")
	return map[string][]needs{
		"lambda:CreateFunction": {{in: create(nil, plainRole), resource: made},
			{in: create(tags, plainRole), allow: []string{"lambda:CreateFunction"}, action: "lambda:TagResource", resource: made},
			{in: create(nil, plainRole), allow: []string{"lambda:CreateFunction"}, action: "iam:PassRole", resource: plainRole},
			{in: create(nil, deepARN), allow: []string{"lambda:CreateFunction"}, action: "iam:PassRole", resource: deepARN}},
		"lambda:GetFunction": {{in: &lambda.GetFunctionInput{FunctionName: s("f")}, resource: fnARN},
			{in: &lambda.GetFunctionInput{FunctionName: s("f"), Qualifier: s("live")}, resource: fnARN + ":live"},
			{in: &lambda.GetFunctionInput{FunctionName: s("f:live")}, resource: fnARN + ":live"},
			{in: &lambda.GetFunctionInput{FunctionName: s("missing")}, resource: "arn:aws:lambda:us-east-1:000000000000:function:missing"}},
		"lambda:GetFunctionConfiguration": {{in: &lambda.GetFunctionConfigurationInput{FunctionName: s(fnARN)}, resource: fnARN}},
		"lambda:UpdateFunctionCode":       {{in: &lambda.UpdateFunctionCodeInput{FunctionName: s("f")}, resource: fnARN}},
		"lambda:UpdateFunctionConfiguration": {{in: &lambda.UpdateFunctionConfigurationInput{FunctionName: s("f")}, resource: fnARN},
			{in: &lambda.UpdateFunctionConfigurationInput{FunctionName: s("f"), Role: s(deepARN)}, allow: []string{"lambda:UpdateFunctionConfiguration"}, action: "iam:PassRole", resource: deepARN}},
		"lambda:DeleteFunction":               {{in: &lambda.DeleteFunctionInput{FunctionName: s("f")}, resource: fnARN}},
		"lambda:ListFunctions":                {{in: &lambda.ListFunctionsInput{}, resource: "*"}},
		"lambda:ListVersionsByFunction":       {{in: &lambda.ListVersionsByFunctionInput{FunctionName: s("f")}, resource: fnARN}},
		"lambda:AddPermission":                {{in: &lambda.AddPermissionInput{FunctionName: s("f"), StatementId: s("x"), Action: s("lambda:InvokeFunction"), Principal: s("*")}, resource: fnARN}},
		"lambda:RemovePermission":             {{in: &lambda.RemovePermissionInput{FunctionName: s("f"), StatementId: s("x")}, resource: fnARN}},
		"lambda:GetPolicy":                    {{in: &lambda.GetPolicyInput{FunctionName: s("f")}, resource: fnARN}},
		"lambda:ListTags":                     {{in: &lambda.ListTagsInput{Resource: s(fnARN)}, resource: fnARN}},
		"lambda:TagResource":                  {{in: &lambda.TagResourceInput{Resource: s(fnARN), Tags: tags}, resource: fnARN}},
		"lambda:UntagResource":                {{in: &lambda.UntagResourceInput{Resource: s(esmARN), TagKeys: []string{"team"}}, resource: esmARN}},
		"lambda:InvokeAsync":                  {{in: &lambda.InvokeAsyncInput{FunctionName: s("f"), InvokeArgs: strings.NewReader("{}")}, resource: fnARN}},
		"lambda:GetFunctionCodeSigningConfig": {{in: &lambda.GetFunctionCodeSigningConfigInput{FunctionName: s("f")}, resource: fnARN}},
		"lambda:PutFunctionRecursionConfig":   {{in: &lambda.PutFunctionRecursionConfigInput{FunctionName: s("f"), RecursiveLoop: "Allow"}, resource: fnARN}},
		"lambda:PutRuntimeManagementConfig":   {{in: &lambda.PutRuntimeManagementConfigInput{FunctionName: s("f"), UpdateRuntimeOn: "Auto"}, resource: fnARN}},
		"lambda:GetCodeSigningConfig":         {{in: &lambda.GetCodeSigningConfigInput{CodeSigningConfigArn: s(signARN)}, resource: signARN}},
		"lambda:ListCodeSigningConfigs":       {{in: &lambda.ListCodeSigningConfigsInput{}, resource: "*"}},
		"lambda:PublishLayerVersion":          {{in: &lambda.PublishLayerVersionInput{LayerName: s("l"), Content: &lambdatypes.LayerVersionContentInput{ZipFile: []byte("x")}}, resource: layerARN}},
		"lambda:GetLayerVersion":              {{in: &lambda.GetLayerVersionInput{LayerName: s("l"), VersionNumber: aws.Int64(1)}, resource: layerARN + ":1"}},
		"lambda:GetLayerVersionByArn":         {{in: &lambda.GetLayerVersionByArnInput{Arn: s(layerARN + ":1")}, action: "lambda:GetLayerVersion", resource: layerARN + ":1"}},
		"lambda:DeleteLayerVersion":           {{in: &lambda.DeleteLayerVersionInput{LayerName: s("l"), VersionNumber: aws.Int64(1)}, resource: layerARN + ":1"}},
		"lambda:AddLayerVersionPermission":    {{in: &lambda.AddLayerVersionPermissionInput{LayerName: s("l"), VersionNumber: aws.Int64(1), StatementId: s("s"), Action: s("lambda:GetLayerVersion"), Principal: s("*")}, resource: layerARN + ":1"}},
		"lambda:RemoveLayerVersionPermission": {{in: &lambda.RemoveLayerVersionPermissionInput{LayerName: s("l"), VersionNumber: aws.Int64(1), StatementId: s("s")}, resource: layerARN + ":1"}},
		"lambda:GetLayerVersionPolicy":        {{in: &lambda.GetLayerVersionPolicyInput{LayerName: s("l"), VersionNumber: aws.Int64(1)}, resource: layerARN + ":1"}},
		"lambda:ListLayers":                   {{in: &lambda.ListLayersInput{}, resource: "*"}},
		"lambda:ListLayerVersions":            {{in: &lambda.ListLayerVersionsInput{LayerName: s("l")}, resource: "*"}},
		"lambda:Invoke": {{in: &lambda.InvokeInput{FunctionName: s("f")}, action: "lambda:InvokeFunction", resource: fnARN},
			{in: &lambda.InvokeInput{FunctionName: s("f"), Qualifier: s("live"), InvocationType: "Event"}, action: "lambda:InvokeFunction", resource: fnARN + ":live"},
			{in: &lambda.InvokeInput{FunctionName: s("f"), InvocationType: "DryRun"}, action: "lambda:InvokeFunction", resource: fnARN}},
		"lambda:CreateEventSourceMapping": {{in: &lambda.CreateEventSourceMappingInput{FunctionName: s("f"), EventSourceArn: stream}, resource: "*"},
			{in: &lambda.CreateEventSourceMappingInput{FunctionName: s("f"), EventSourceArn: stream, Tags: tags}, allow: []string{"lambda:CreateEventSourceMapping"},
				action: "lambda:TagResource", resource: "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:*"}},
		"lambda:GetEventSourceMapping":    {{in: &lambda.GetEventSourceMappingInput{UUID: s(uuid)}, resource: esmARN}},
		"lambda:UpdateEventSourceMapping": {{in: &lambda.UpdateEventSourceMappingInput{UUID: s(uuid)}, resource: esmARN}},
		"lambda:DeleteEventSourceMapping": {{in: &lambda.DeleteEventSourceMappingInput{UUID: s(uuid)}, resource: esmARN}},
		"lambda:ListEventSourceMappings":  {{in: &lambda.ListEventSourceMappingsInput{}, resource: "*"}},
		"lambda:CreateFunctionUrlConfig": {{in: &lambda.CreateFunctionUrlConfigInput{FunctionName: s("f"), AuthType: "NONE"}, resource: fnARN},
			{in: &lambda.CreateFunctionUrlConfigInput{FunctionName: s("f"), Qualifier: s("live"), AuthType: "NONE"}, resource: fnARN + ":live"}},
		"lambda:PublishVersion":               {{in: &lambda.PublishVersionInput{FunctionName: s("f")}, resource: fnARN}},
		"lambda:CreateAlias":                  {{in: &lambda.CreateAliasInput{FunctionName: s("f"), Name: s("live"), FunctionVersion: s("1")}, resource: fnARN}},
		"lambda:UpdateAlias":                  {{in: &lambda.UpdateAliasInput{FunctionName: s("f"), Name: s("live")}, resource: fnARN}},
		"lambda:PutFunctionEventInvokeConfig": {{in: &lambda.PutFunctionEventInvokeConfigInput{FunctionName: s("f"), Qualifier: s("live")}, resource: fnARN + ":live"}},
		"lambda:GetFunctionEventInvokeConfig": {{in: &lambda.GetFunctionEventInvokeConfigInput{FunctionName: s("f")}, resource: fnARN}},
	}
}

func iamRows() map[string][]needs {
	tags := []iamtypes.Tag{{Key: s("team"), Value: s("a")}}
	doc, managed := s(everything), s(polARN)
	other := "arn:aws:iam::000000000000:role/new"
	return map[string][]needs{
		"sts:AssumeRole": {{in: &sts.AssumeRoleInput{RoleArn: s(plainRole), RoleSessionName: s("me")}, resource: plainRole}},
		"iam:CreateRole": {{in: &iam.CreateRoleInput{RoleName: s("new"), AssumeRolePolicyDocument: s(trustLambda)}, resource: other},
			{in: &iam.CreateRoleInput{RoleName: s("new"), Path: s("/a/b/"), AssumeRolePolicyDocument: s(trustLambda)}, resource: "arn:aws:iam::000000000000:role/a/b/new"},
			{in: &iam.CreateRoleInput{RoleName: s("new"), AssumeRolePolicyDocument: s(trustLambda), Tags: tags}, allow: []string{"iam:CreateRole"}, action: "iam:TagRole", resource: other}},
		"iam:GetRole":                       {{in: &iam.GetRoleInput{RoleName: s("deep")}, resource: deepARN}},
		"iam:ListRoles":                     {{in: &iam.ListRolesInput{}, resource: "*"}},
		"iam:UpdateRole":                    {{in: &iam.UpdateRoleInput{RoleName: s("r")}, resource: plainRole}},
		"iam:UpdateAssumeRolePolicy":        {{in: &iam.UpdateAssumeRolePolicyInput{RoleName: s("r"), PolicyDocument: doc}, resource: plainRole}},
		"iam:DeleteRole":                    {{in: &iam.DeleteRoleInput{RoleName: s("r")}, resource: plainRole}},
		"iam:PutRolePermissionsBoundary":    {{in: &iam.PutRolePermissionsBoundaryInput{RoleName: s("r"), PermissionsBoundary: managed}, resource: plainRole}},
		"iam:DeleteRolePermissionsBoundary": {{in: &iam.DeleteRolePermissionsBoundaryInput{RoleName: s("r")}, resource: plainRole}},
		"iam:TagRole":                       {{in: &iam.TagRoleInput{RoleName: s("r"), Tags: tags}, resource: plainRole}},
		"iam:UntagRole":                     {{in: &iam.UntagRoleInput{RoleName: s("r"), TagKeys: []string{"team"}}, resource: plainRole}},
		"iam:ListRoleTags":                  {{in: &iam.ListRoleTagsInput{RoleName: s("r")}, resource: plainRole}},
		"iam:PutRolePolicy":                 {{in: &iam.PutRolePolicyInput{RoleName: s("deep"), PolicyName: s("x"), PolicyDocument: doc}, resource: deepARN}},
		"iam:GetRolePolicy":                 {{in: &iam.GetRolePolicyInput{RoleName: s("r"), PolicyName: s("x")}, resource: plainRole}},
		"iam:DeleteRolePolicy":              {{in: &iam.DeleteRolePolicyInput{RoleName: s("r"), PolicyName: s("x")}, resource: plainRole}},
		"iam:ListRolePolicies":              {{in: &iam.ListRolePoliciesInput{RoleName: s("r")}, resource: plainRole}},
		"iam:AttachRolePolicy":              {{in: &iam.AttachRolePolicyInput{RoleName: s("r"), PolicyArn: managed}, resource: plainRole}},
		"iam:DetachRolePolicy":              {{in: &iam.DetachRolePolicyInput{RoleName: s("r"), PolicyArn: managed}, resource: plainRole}},
		"iam:ListAttachedRolePolicies":      {{in: &iam.ListAttachedRolePoliciesInput{RoleName: s("r")}, resource: plainRole}},
		"iam:ListInstanceProfilesForRole":   {{in: &iam.ListInstanceProfilesForRoleInput{RoleName: s("r")}, resource: plainRole}},
		"iam:CreatePolicy": {{in: &iam.CreatePolicyInput{PolicyName: s("p"), PolicyDocument: doc}, resource: polARN},
			{in: &iam.CreatePolicyInput{PolicyName: s("p"), PolicyDocument: doc, Tags: tags}, allow: []string{"iam:CreatePolicy"}, action: "iam:TagPolicy", resource: polARN}},
		"iam:GetPolicy":           {{in: &iam.GetPolicyInput{PolicyArn: managed}, resource: polARN}},
		"iam:GetPolicyVersion":    {{in: &iam.GetPolicyVersionInput{PolicyArn: managed, VersionId: s("v1")}, resource: polARN}},
		"iam:ListPolicyVersions":  {{in: &iam.ListPolicyVersionsInput{PolicyArn: managed}, resource: polARN}},
		"iam:CreatePolicyVersion": {{in: &iam.CreatePolicyVersionInput{PolicyArn: managed, PolicyDocument: doc}, resource: polARN}},
		"iam:TagPolicy":           {{in: &iam.TagPolicyInput{PolicyArn: managed, Tags: tags}, resource: polARN}},
		"iam:UntagPolicy":         {{in: &iam.UntagPolicyInput{PolicyArn: managed, TagKeys: []string{"team"}}, resource: polARN}},
		"iam:DeletePolicy":        {{in: &iam.DeletePolicyInput{PolicyArn: managed}, resource: polARN}},
		"iam:CreateUser": {{in: &iam.CreateUserInput{UserName: s("v")}, resource: "arn:aws:iam::000000000000:user/v"},
			{in: &iam.CreateUserInput{UserName: s("v"), Tags: tags}, allow: []string{"iam:CreateUser"}, action: "iam:TagUser", resource: "arn:aws:iam::000000000000:user/v"}},
		"iam:GetUser":                  {{in: &iam.GetUserInput{UserName: s("u")}, resource: userARN}, {in: &iam.GetUserInput{}, resource: "arn:aws:iam::000000000000:user/nobody"}},
		"iam:ListUsers":                {{in: &iam.ListUsersInput{}, resource: "*"}},
		"iam:DeleteUser":               {{in: &iam.DeleteUserInput{UserName: s("u")}, resource: userARN}},
		"iam:PutUserPolicy":            {{in: &iam.PutUserPolicyInput{UserName: s("u"), PolicyName: s("x"), PolicyDocument: doc}, resource: userARN}},
		"iam:GetUserPolicy":            {{in: &iam.GetUserPolicyInput{UserName: s("u"), PolicyName: s("x")}, resource: userARN}},
		"iam:DeleteUserPolicy":         {{in: &iam.DeleteUserPolicyInput{UserName: s("u"), PolicyName: s("x")}, resource: userARN}},
		"iam:ListUserPolicies":         {{in: &iam.ListUserPoliciesInput{UserName: s("u")}, resource: userARN}},
		"iam:AttachUserPolicy":         {{in: &iam.AttachUserPolicyInput{UserName: s("u"), PolicyArn: managed}, resource: userARN}},
		"iam:DetachUserPolicy":         {{in: &iam.DetachUserPolicyInput{UserName: s("u"), PolicyArn: managed}, resource: userARN}},
		"iam:ListAttachedUserPolicies": {{in: &iam.ListAttachedUserPoliciesInput{UserName: s("u")}, resource: userARN}},
		"iam:CreateAccessKey":          {{in: &iam.CreateAccessKeyInput{UserName: s("u")}, resource: userARN}},
		"iam:ListAccessKeys":           {{in: &iam.ListAccessKeysInput{UserName: s("u")}, resource: userARN}},
		"iam:DeleteAccessKey":          {{in: &iam.DeleteAccessKeyInput{UserName: s("u"), AccessKeyId: s("AKIAXXXXXXXXXXXXXXXX")}, resource: userARN}},
	}
}

func s3Rows(upload *string) map[string][]needs {
	const bucket, object = "arn:aws:s3:::bkt", "arn:aws:s3:::bkt/k/a"
	b, k := s("bkt"), s("k/a")
	tagging := &s3types.Tagging{TagSet: []s3types.Tag{{Key: s("team"), Value: s("a")}}}
	return map[string][]needs{
		"s3:ListBuckets":                        {{in: &s3.ListBucketsInput{}, action: "s3:ListAllMyBuckets", resource: "*"}},
		"s3:CreateBucket":                       {{in: &s3.CreateBucketInput{Bucket: s("new")}, resource: "arn:aws:s3:::new"}},
		"s3:HeadBucket":                         {{in: &s3.HeadBucketInput{Bucket: b}, action: "s3:ListBucket", resource: bucket}},
		"s3:DeleteBucket":                       {{in: &s3.DeleteBucketInput{Bucket: b}, resource: bucket}},
		"s3:ListObjectsV2":                      {{in: &s3.ListObjectsV2Input{Bucket: b}, action: "s3:ListBucket", resource: bucket}},
		"s3:GetBucketLocation":                  {{in: &s3.GetBucketLocationInput{Bucket: b}, resource: bucket}},
		"s3:PutBucketNotificationConfiguration": {{in: &s3.PutBucketNotificationConfigurationInput{Bucket: b, NotificationConfiguration: &s3types.NotificationConfiguration{}}, action: "s3:PutBucketNotification", resource: bucket}},
		"s3:GetBucketNotificationConfiguration": {{in: &s3.GetBucketNotificationConfigurationInput{Bucket: b}, action: "s3:GetBucketNotification", resource: bucket}},
		"s3:PutBucketPolicy":                    {{in: &s3.PutBucketPolicyInput{Bucket: b, Policy: s(`{"Version":"2012-10-17","Statement":[]}`)}, resource: bucket}},
		"s3:GetBucketPolicy":                    {{in: &s3.GetBucketPolicyInput{Bucket: b}, resource: bucket}},
		"s3:DeleteBucketPolicy":                 {{in: &s3.DeleteBucketPolicyInput{Bucket: b}, resource: bucket}},
		"s3:GetBucketPolicyStatus":              {{in: &s3.GetBucketPolicyStatusInput{Bucket: b}, resource: bucket}},
		"s3:PutPublicAccessBlock":               {{in: &s3.PutPublicAccessBlockInput{Bucket: b, PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{}}, action: "s3:PutBucketPublicAccessBlock", resource: bucket}},
		"s3:GetPublicAccessBlock":               {{in: &s3.GetPublicAccessBlockInput{Bucket: b}, action: "s3:GetBucketPublicAccessBlock", resource: bucket}},
		"s3:DeletePublicAccessBlock":            {{in: &s3.DeletePublicAccessBlockInput{Bucket: b}, action: "s3:PutBucketPublicAccessBlock", resource: bucket}},
		"s3:PutBucketAcl":                       {{in: &s3.PutBucketAclInput{Bucket: b, ACL: "private"}, resource: bucket}},
		"s3:GetBucketAcl":                       {{in: &s3.GetBucketAclInput{Bucket: b}, resource: bucket}},
		"s3:PutBucketCors":                      {{in: &s3.PutBucketCorsInput{Bucket: b, CORSConfiguration: &s3types.CORSConfiguration{CORSRules: []s3types.CORSRule{}}}, action: "s3:PutBucketCORS", resource: bucket}},
		"s3:GetBucketCors":                      {{in: &s3.GetBucketCorsInput{Bucket: b}, action: "s3:GetBucketCORS", resource: bucket}},
		"s3:DeleteBucketCors":                   {{in: &s3.DeleteBucketCorsInput{Bucket: b}, action: "s3:PutBucketCORS", resource: bucket}},
		"s3:PutBucketEncryption":                {{in: &s3.PutBucketEncryptionInput{Bucket: b, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{Rules: []s3types.ServerSideEncryptionRule{}}}, action: "s3:PutEncryptionConfiguration", resource: bucket}},
		"s3:GetBucketEncryption":                {{in: &s3.GetBucketEncryptionInput{Bucket: b}, action: "s3:GetEncryptionConfiguration", resource: bucket}},
		"s3:DeleteBucketEncryption":             {{in: &s3.DeleteBucketEncryptionInput{Bucket: b}, action: "s3:PutEncryptionConfiguration", resource: bucket}},
		"s3:PutBucketLifecycleConfiguration":    {{in: &s3.PutBucketLifecycleConfigurationInput{Bucket: b}, action: "s3:PutLifecycleConfiguration", resource: bucket}},
		"s3:GetBucketLifecycleConfiguration":    {{in: &s3.GetBucketLifecycleConfigurationInput{Bucket: b}, action: "s3:GetLifecycleConfiguration", resource: bucket}},
		"s3:DeleteBucketLifecycle":              {{in: &s3.DeleteBucketLifecycleInput{Bucket: b}, action: "s3:PutLifecycleConfiguration", resource: bucket}},
		"s3:PutBucketLogging":                   {{in: &s3.PutBucketLoggingInput{Bucket: b, BucketLoggingStatus: &s3types.BucketLoggingStatus{}}, resource: bucket}},
		"s3:GetBucketLogging":                   {{in: &s3.GetBucketLoggingInput{Bucket: b}, resource: bucket}},
		"s3:PutBucketWebsite":                   {{in: &s3.PutBucketWebsiteInput{Bucket: b, WebsiteConfiguration: &s3types.WebsiteConfiguration{}}, resource: bucket}},
		"s3:GetBucketWebsite":                   {{in: &s3.GetBucketWebsiteInput{Bucket: b}, resource: bucket}},
		"s3:DeleteBucketWebsite":                {{in: &s3.DeleteBucketWebsiteInput{Bucket: b}, resource: bucket}},
		"s3:PutBucketOwnershipControls":         {{in: &s3.PutBucketOwnershipControlsInput{Bucket: b, OwnershipControls: &s3types.OwnershipControls{Rules: []s3types.OwnershipControlsRule{}}}, resource: bucket}},
		"s3:GetBucketOwnershipControls":         {{in: &s3.GetBucketOwnershipControlsInput{Bucket: b}, resource: bucket}},
		"s3:DeleteBucketOwnershipControls":      {{in: &s3.DeleteBucketOwnershipControlsInput{Bucket: b}, action: "s3:PutBucketOwnershipControls", resource: bucket}},
		"s3:PutBucketAccelerateConfiguration":   {{in: &s3.PutBucketAccelerateConfigurationInput{Bucket: b, AccelerateConfiguration: &s3types.AccelerateConfiguration{}}, action: "s3:PutAccelerateConfiguration", resource: bucket}},
		"s3:GetBucketAccelerateConfiguration":   {{in: &s3.GetBucketAccelerateConfigurationInput{Bucket: b}, action: "s3:GetAccelerateConfiguration", resource: bucket}},
		"s3:PutBucketRequestPayment":            {{in: &s3.PutBucketRequestPaymentInput{Bucket: b, RequestPaymentConfiguration: &s3types.RequestPaymentConfiguration{Payer: "Requester"}}, resource: bucket}},
		"s3:GetBucketRequestPayment":            {{in: &s3.GetBucketRequestPaymentInput{Bucket: b}, resource: bucket}},
		"s3:PutBucketVersioning":                {{in: &s3.PutBucketVersioningInput{Bucket: b, VersioningConfiguration: &s3types.VersioningConfiguration{Status: "Suspended"}}, resource: bucket}},
		"s3:GetBucketVersioning":                {{in: &s3.GetBucketVersioningInput{Bucket: b}, resource: bucket}},
		"s3:ListObjectVersions":                 {{in: &s3.ListObjectVersionsInput{Bucket: b}, action: "s3:ListBucketVersions", resource: bucket}},
		"s3:PutBucketTagging":                   {{in: &s3.PutBucketTaggingInput{Bucket: b, Tagging: tagging}, resource: bucket}},
		"s3:GetBucketTagging":                   {{in: &s3.GetBucketTaggingInput{Bucket: b}, resource: bucket}},
		"s3:DeleteBucketTagging":                {{in: &s3.DeleteBucketTaggingInput{Bucket: b}, action: "s3:PutBucketTagging", resource: bucket}},
		"s3:ListMultipartUploads":               {{in: &s3.ListMultipartUploadsInput{Bucket: b}, action: "s3:ListBucketMultipartUploads", resource: bucket}},
		"s3:PutObject": {{in: &s3.PutObjectInput{Bucket: b, Key: k}, resource: object},
			{in: &s3.PutObjectInput{Bucket: b, Key: k, Tagging: s("team=a")}, allow: []string{"s3:PutObject"}, action: "s3:PutObjectTagging", resource: object}},
		"s3:CopyObject": {{in: &s3.CopyObjectInput{Bucket: b, Key: k, CopySource: s("bkt/from")}, action: "s3:PutObject", resource: object},
			{in: &s3.CopyObjectInput{Bucket: b, Key: k, CopySource: s("bkt/from")}, allow: []string{"s3:PutObject"}, action: "s3:GetObject", resource: "arn:aws:s3:::bkt/from"}},
		"s3:GetObject": {{in: &s3.GetObjectInput{Bucket: b, Key: k}, resource: object},
			{in: &s3.GetObjectInput{Bucket: b, Key: k, VersionId: s("null")}, action: "s3:GetObjectVersion", resource: object},
			{in: &s3.GetObjectInput{Bucket: b, Key: k}, allow: []string{"s3:GetObject"}, action: "s3:ListBucket", resource: bucket}}, // it is not there, which is not for everybody to know
		"s3:HeadObject":    {{in: &s3.HeadObjectInput{Bucket: b, Key: k}, action: "s3:GetObject", resource: object}},
		"s3:DeleteObjects": {}, // says it key by key
		"s3:DeleteObject": {{in: &s3.DeleteObjectInput{Bucket: b, Key: k}, resource: object},
			{in: &s3.DeleteObjectInput{Bucket: b, Key: k, VersionId: s("null")}, action: "s3:DeleteObjectVersion", resource: object}},
		"s3:PutObjectTagging": {{in: &s3.PutObjectTaggingInput{Bucket: b, Key: k, Tagging: tagging}, resource: object},
			{in: &s3.PutObjectTaggingInput{Bucket: b, Key: k, Tagging: tagging, VersionId: s("null")}, action: "s3:PutObjectVersionTagging", resource: object}},
		"s3:GetObjectTagging": {{in: &s3.GetObjectTaggingInput{Bucket: b, Key: k}, resource: object},
			{in: &s3.GetObjectTaggingInput{Bucket: b, Key: k, VersionId: s("null")}, action: "s3:GetObjectVersionTagging", resource: object}},
		"s3:DeleteObjectTagging": {{in: &s3.DeleteObjectTaggingInput{Bucket: b, Key: k}, resource: object},
			{in: &s3.DeleteObjectTaggingInput{Bucket: b, Key: k, VersionId: s("null")}, action: "s3:DeleteObjectVersionTagging", resource: object}},
		"s3:CreateMultipartUpload": {{in: &s3.CreateMultipartUploadInput{Bucket: b, Key: k}, action: "s3:PutObject", resource: object}},
		"s3:UploadPart":            {{in: &s3.UploadPartInput{Bucket: b, Key: k, UploadId: upload, PartNumber: aws.Int32(1)}, action: "s3:PutObject", resource: object}},
		"s3:UploadPartCopy": {{in: &s3.UploadPartCopyInput{Bucket: b, Key: k, UploadId: upload, PartNumber: aws.Int32(1), CopySource: s("bkt/from")}, action: "s3:PutObject", resource: object},
			{in: &s3.UploadPartCopyInput{Bucket: b, Key: k, UploadId: upload, PartNumber: aws.Int32(1), CopySource: s("bkt/from")}, allow: []string{"s3:PutObject"}, action: "s3:GetObject", resource: "arn:aws:s3:::bkt/from"}},
		"s3:CompleteMultipartUpload": {{in: &s3.CompleteMultipartUploadInput{Bucket: b, Key: k, UploadId: upload, MultipartUpload: &s3types.CompletedMultipartUpload{}}, action: "s3:PutObject", resource: object}},
		"s3:AbortMultipartUpload":    {{in: &s3.AbortMultipartUploadInput{Bucket: b, Key: k, UploadId: upload}, resource: object}},
		"s3:ListParts":               {{in: &s3.ListPartsInput{Bucket: b, Key: k, UploadId: upload}, action: "s3:ListMultipartUploadParts", resource: object}},
	}
}

func sqsRows(url *string) map[string][]needs {
	const queue = "arn:aws:sqs:us-east-1:000000000000:q"
	batch := []sqstypes.SendMessageBatchRequestEntry{{Id: s("a"), MessageBody: s("x")}}
	tags := map[string]string{"team": "a"}
	return map[string][]needs{
		"sqs:CreateQueue": {{in: &sqs.CreateQueueInput{QueueName: s("new")}, action: "sqs:createqueue", resource: "arn:aws:sqs:us-east-1:000000000000:new"},
			{in: &sqs.CreateQueueInput{QueueName: s("new"), Tags: tags}, allow: []string{"sqs:CreateQueue"}, action: "sqs:tagqueue", resource: "arn:aws:sqs:us-east-1:000000000000:new"}},
		"sqs:ListQueues":                 {{in: &sqs.ListQueuesInput{}, action: "sqs:listqueues", resource: "arn:aws:sqs:us-east-1:000000000000:*"}},
		"sqs:GetQueueUrl":                {{in: &sqs.GetQueueUrlInput{QueueName: s("q")}, action: "sqs:getqueueurl", resource: queue}},
		"sqs:DeleteQueue":                {{in: &sqs.DeleteQueueInput{QueueUrl: url}, action: "sqs:deletequeue", resource: queue}},
		"sqs:GetQueueAttributes":         {{in: &sqs.GetQueueAttributesInput{QueueUrl: url}, action: "sqs:getqueueattributes", resource: queue}},
		"sqs:SetQueueAttributes":         {{in: &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{}}, action: "sqs:setqueueattributes", resource: queue}},
		"sqs:TagQueue":                   {{in: &sqs.TagQueueInput{QueueUrl: url, Tags: tags}, action: "sqs:tagqueue", resource: queue}},
		"sqs:UntagQueue":                 {{in: &sqs.UntagQueueInput{QueueUrl: url, TagKeys: []string{"team"}}, action: "sqs:untagqueue", resource: queue}},
		"sqs:ListQueueTags":              {{in: &sqs.ListQueueTagsInput{QueueUrl: url}, action: "sqs:listqueuetags", resource: queue}},
		"sqs:PurgeQueue":                 {{in: &sqs.PurgeQueueInput{QueueUrl: url}, action: "sqs:purgequeue", resource: queue}},
		"sqs:ListDeadLetterSourceQueues": {{in: &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: url}, action: "sqs:listdeadlettersourcequeues", resource: queue}},
		"sqs:StartMessageMoveTask": {{in: &sqs.StartMessageMoveTaskInput{SourceArn: s(queue)}, action: "sqs:startmessagemovetask", resource: queue},
			{in: &sqs.StartMessageMoveTaskInput{SourceArn: s(queue)}, allow: []string{"sqs:StartMessageMoveTask", "sqs:GetQueueAttributes", "sqs:DeleteMessage"}, action: "sqs:receivemessage", resource: queue},
			{in: &sqs.StartMessageMoveTaskInput{SourceArn: s(queue)}, allow: []string{"sqs:StartMessageMoveTask", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}, action: "sqs:deletemessage", resource: queue}},
		"sqs:ListMessageMoveTasks":  {{in: &sqs.ListMessageMoveTasksInput{SourceArn: s(queue)}, action: "sqs:listmessagemovetasks", resource: queue}},
		"sqs:CancelMessageMoveTask": {{in: &sqs.CancelMessageMoveTaskInput{TaskHandle: s(base64.StdEncoding.EncodeToString([]byte(`{"taskId":"x","sourceArn":"` + queue + `"}`)))}, action: "sqs:cancelmessagemovetask", resource: queue}},
		"sqs:AddPermission":         {{in: &sqs.AddPermissionInput{QueueUrl: url, Label: s("x"), AWSAccountIds: []string{account}, Actions: []string{"*"}}, action: "sqs:addpermission", resource: queue}},
		"sqs:RemovePermission":      {{in: &sqs.RemovePermissionInput{QueueUrl: url, Label: s("x")}, action: "sqs:removepermission", resource: queue}},
		"events:PutEvents": {{in: &eventbridge.PutEventsInput{Entries: []eventstypes.PutEventsRequestEntry{{Source: s("x"), DetailType: s("x"), Detail: s("{}")}}},
			action: "events:PutEvents", resource: "arn:aws:events:us-east-1:000000000000:event-bus/default"}},
		"sqs:SendMessage":             {{in: &sqs.SendMessageInput{QueueUrl: url, MessageBody: s("x")}, action: "sqs:sendmessage", resource: queue}},
		"sqs:SendMessageBatch":        {{in: &sqs.SendMessageBatchInput{QueueUrl: url, Entries: batch}, action: "sqs:sendmessage", resource: queue}},
		"sqs:ReceiveMessage":          {{in: &sqs.ReceiveMessageInput{QueueUrl: url}, action: "sqs:receivemessage", resource: queue}},
		"sqs:DeleteMessage":           {{in: &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: s("x")}, action: "sqs:deletemessage", resource: queue}},
		"sqs:DeleteMessageBatch":      {{in: &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: []sqstypes.DeleteMessageBatchRequestEntry{{Id: s("a"), ReceiptHandle: s("x")}}}, action: "sqs:deletemessage", resource: queue}},
		"sqs:ChangeMessageVisibility": {{in: &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: s("x")}, action: "sqs:changemessagevisibility", resource: queue}},
		"sqs:ChangeMessageVisibilityBatch": {{in: &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url, Entries: []sqstypes.ChangeMessageVisibilityBatchRequestEntry{{Id: s("a"), ReceiptHandle: s("x")}}},
			action: "sqs:changemessagevisibility", resource: queue}},
	}
}

func streamRows(iterator *string) map[string][]needs {
	const stream = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
	name, tags := s("s"), map[string]string{"team": "a"}
	return map[string][]needs{
		"kinesis:CreateStream": {{in: &kinesis.CreateStreamInput{StreamName: name}, resource: stream},
			{in: &kinesis.CreateStreamInput{StreamName: name, Tags: tags}, allow: []string{"kinesis:CreateStream"}, action: "kinesis:AddTagsToStream", resource: stream}},
		"kinesis:DeleteStream":                  {{in: &kinesis.DeleteStreamInput{StreamName: name}, resource: stream}},
		"kinesis:DescribeStream":                {{in: &kinesis.DescribeStreamInput{StreamARN: s(stream)}, resource: stream}},
		"kinesis:DescribeStreamSummary":         {{in: &kinesis.DescribeStreamSummaryInput{StreamName: name}, resource: stream}},
		"kinesis:ListStreams":                   {{in: &kinesis.ListStreamsInput{}, resource: "*"}},
		"kinesis:ListShards":                    {{in: &kinesis.ListShardsInput{StreamName: name}, resource: stream}},
		"kinesis:IncreaseStreamRetentionPeriod": {{in: &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: name, RetentionPeriodHours: aws.Int32(48)}, resource: stream}},
		"kinesis:DecreaseStreamRetentionPeriod": {{in: &kinesis.DecreaseStreamRetentionPeriodInput{StreamName: name, RetentionPeriodHours: aws.Int32(24)}, resource: stream}},
		"kinesis:AddTagsToStream":               {{in: &kinesis.AddTagsToStreamInput{StreamName: name, Tags: tags}, resource: stream}},
		"kinesis:RemoveTagsFromStream":          {{in: &kinesis.RemoveTagsFromStreamInput{StreamName: name, TagKeys: []string{"team"}}, resource: stream}},
		"kinesis:ListTagsForStream":             {{in: &kinesis.ListTagsForStreamInput{StreamName: name}, resource: stream}},
		"kinesis:PutRecord":                     {{in: &kinesis.PutRecordInput{StreamName: name, Data: []byte("x"), PartitionKey: s("p")}, resource: stream}},
		"kinesis:PutRecords":                    {{in: &kinesis.PutRecordsInput{StreamName: name, Records: []kinesistypes.PutRecordsRequestEntry{{Data: []byte("x"), PartitionKey: s("p")}}}, resource: stream}},
		"kinesis:GetRecords":                    {{in: &kinesis.GetRecordsInput{ShardIterator: iterator}, resource: stream}, {in: &kinesis.GetRecordsInput{ShardIterator: s("nonsense")}, resource: "*"}},
		"kinesis:SplitShard":                    {{in: &kinesis.SplitShardInput{StreamName: name, ShardToSplit: s("shardId-000000000000"), NewStartingHashKey: s("5")}, resource: stream}},
		"kinesis:MergeShards":                   {{in: &kinesis.MergeShardsInput{StreamName: name, ShardToMerge: s("shardId-000000000000"), AdjacentShardToMerge: s("shardId-000000000001")}, resource: stream}},
		"kinesis:UpdateShardCount":              {{in: &kinesis.UpdateShardCountInput{StreamName: name, TargetShardCount: aws.Int32(2), ScalingType: "UNIFORM_SCALING"}, resource: stream}},
		"kinesis:UpdateStreamMode":              {{in: &kinesis.UpdateStreamModeInput{StreamARN: s(stream), StreamModeDetails: &kinesistypes.StreamModeDetails{StreamMode: "ON_DEMAND"}}, resource: stream}},
		"kinesis:StartStreamEncryption":         {{in: &kinesis.StartStreamEncryptionInput{StreamName: name, EncryptionType: "KMS", KeyId: s("k")}, resource: stream}},
		"kinesis:StopStreamEncryption":          {{in: &kinesis.StopStreamEncryptionInput{StreamName: name, EncryptionType: "KMS", KeyId: s("k")}, resource: stream}},
		"kinesis:EnableEnhancedMonitoring":      {{in: &kinesis.EnableEnhancedMonitoringInput{StreamName: name, ShardLevelMetrics: []kinesistypes.MetricsName{"ALL"}}, resource: stream}},
		"kinesis:DisableEnhancedMonitoring":     {{in: &kinesis.DisableEnhancedMonitoringInput{StreamName: name, ShardLevelMetrics: []kinesistypes.MetricsName{"ALL"}}, resource: stream}},
		"kinesis:GetShardIterator":              {{in: &kinesis.GetShardIteratorInput{StreamName: name, ShardId: s("shardId-000000000000"), ShardIteratorType: "LATEST"}, resource: stream}},
	}
}

func tableRows() map[string][]needs {
	const table = "arn:aws:dynamodb:us-east-1:000000000000:table/orders"
	const stream = table + "/stream/2026-01-01T00:00:00.000"
	name := s("orders")
	key := map[string]dynamodbtypes.AttributeValue{"id": &dynamodbtypes.AttributeValueMemberS{Value: "1"}}
	tags := []dynamodbtypes.Tag{{Key: s("team"), Value: s("a")}}
	create := func(tags []dynamodbtypes.Tag) *dynamodb.CreateTableInput {
		return &dynamodb.CreateTableInput{TableName: name, Tags: tags, KeySchema: []dynamodbtypes.KeySchemaElement{{AttributeName: s("id"), KeyType: "HASH"}}}
	}
	get := dynamodbtypes.KeysAndAttributes{Keys: []map[string]dynamodbtypes.AttributeValue{key}}
	return map[string][]needs{
		"dynamodb:CreateTable": {{in: create(nil), resource: table},
			{in: create(tags), allow: []string{"dynamodb:CreateTable"}, action: "dynamodb:TagResource", resource: table}},
		"dynamodb:DescribeTable":             {{in: &dynamodb.DescribeTableInput{TableName: name}, resource: table}, {in: &dynamodb.DescribeTableInput{TableName: s(table)}, resource: table}},
		"dynamodb:UpdateTable":               {{in: &dynamodb.UpdateTableInput{TableName: name}, resource: table}},
		"dynamodb:DeleteTable":               {{in: &dynamodb.DeleteTableInput{TableName: name}, resource: table}},
		"dynamodb:ListTables":                {{in: &dynamodb.ListTablesInput{}, resource: "*"}},
		"dynamodb:DescribeLimits":            {{in: &dynamodb.DescribeLimitsInput{}, resource: "*"}},
		"dynamodb:UpdateTimeToLive":          {{in: &dynamodb.UpdateTimeToLiveInput{TableName: name, TimeToLiveSpecification: &dynamodbtypes.TimeToLiveSpecification{AttributeName: s("t"), Enabled: aws.Bool(true)}}, resource: table}},
		"dynamodb:DescribeTimeToLive":        {{in: &dynamodb.DescribeTimeToLiveInput{TableName: name}, resource: table}},
		"dynamodb:DescribeContinuousBackups": {{in: &dynamodb.DescribeContinuousBackupsInput{TableName: name}, resource: table}},
		"dynamodb:TagResource":               {{in: &dynamodb.TagResourceInput{ResourceArn: s(table), Tags: tags}, resource: table}},
		"dynamodb:UntagResource":             {{in: &dynamodb.UntagResourceInput{ResourceArn: s(table), TagKeys: []string{"team"}}, resource: table}},
		"dynamodb:ListTagsOfResource":        {{in: &dynamodb.ListTagsOfResourceInput{ResourceArn: s(table)}, resource: table}},
		"dynamodb:PutItem":                   {{in: &dynamodb.PutItemInput{TableName: name, Item: key}, resource: table}},
		"dynamodb:GetItem":                   {{in: &dynamodb.GetItemInput{TableName: name, Key: key}, resource: table}},
		"dynamodb:UpdateItem":                {{in: &dynamodb.UpdateItemInput{TableName: name, Key: key}, resource: table}},
		"dynamodb:DeleteItem":                {{in: &dynamodb.DeleteItemInput{TableName: name, Key: key}, resource: table}},
		"dynamodb:Query":                     {{in: &dynamodb.QueryInput{TableName: name}, resource: table}, {in: &dynamodb.QueryInput{TableName: name, IndexName: s("by-day")}, resource: table + "/index/by-day"}},
		"dynamodb:Scan":                      {{in: &dynamodb.ScanInput{TableName: name}, resource: table}, {in: &dynamodb.ScanInput{TableName: name, IndexName: s("by-day")}, resource: table + "/index/by-day"}},
		"dynamodb:BatchGetItem":              {{in: &dynamodb.BatchGetItemInput{RequestItems: map[string]dynamodbtypes.KeysAndAttributes{"orders": get}}, resource: table}},
		"dynamodb:BatchWriteItem":            {{in: &dynamodb.BatchWriteItemInput{RequestItems: map[string][]dynamodbtypes.WriteRequest{"orders": {{PutRequest: &dynamodbtypes.PutRequest{Item: key}}}}}, resource: table}},
		"dynamodb:TransactGetItems": {{in: &dynamodb.TransactGetItemsInput{TransactItems: []dynamodbtypes.TransactGetItem{{Get: &dynamodbtypes.Get{TableName: name, Key: key}}}},
			action: "dynamodb:GetItem", resource: table}},
		"dynamodb:TransactWriteItems": {
			{in: &dynamodb.TransactWriteItemsInput{TransactItems: []dynamodbtypes.TransactWriteItem{{Put: &dynamodbtypes.Put{TableName: name, Item: key}}}}, action: "dynamodb:PutItem", resource: table},
			{in: &dynamodb.TransactWriteItemsInput{TransactItems: []dynamodbtypes.TransactWriteItem{{ConditionCheck: &dynamodbtypes.ConditionCheck{TableName: name, Key: key, ConditionExpression: s("attribute_exists(id)")}}}},
				action: "dynamodb:ConditionCheckItem", resource: table}},
		"dynamodb:ListStreams":      {{in: &dynamodbstreams.ListStreamsInput{}, resource: "*"}},
		"dynamodb:DescribeStream":   {{in: &dynamodbstreams.DescribeStreamInput{StreamArn: s(stream)}, resource: stream}},
		"dynamodb:GetRecords":       {{in: &dynamodbstreams.GetRecordsInput{ShardIterator: s("nonsense")}, resource: "*"}},
		"dynamodb:GetShardIterator": {{in: &dynamodbstreams.GetShardIteratorInput{StreamArn: s(stream), ShardId: s("shardId-00000000000000000000-00000000"), ShardIteratorType: "LATEST"}, resource: stream}},
	}
}

func poolRows(id, pool *string) map[string][]needs {
	tags := map[string]string{"team": "a"}
	rows := map[string][]needs{
		"cognito-idp:CreateUserPool": {{in: &cognito.CreateUserPoolInput{PoolName: s("new")}, resource: "*"}},
		"cognito-idp:ListUserPools":  {{in: &cognito.ListUserPoolsInput{MaxResults: aws.Int32(1)}, resource: "*"}},
	}
	for name, in := range map[string]any{
		"DescribeUserPool": &cognito.DescribeUserPoolInput{UserPoolId: id}, "UpdateUserPool": &cognito.UpdateUserPoolInput{UserPoolId: id},
		"DeleteUserPool": &cognito.DeleteUserPoolInput{UserPoolId: id}, "TagResource": &cognito.TagResourceInput{ResourceArn: pool, Tags: tags},
		"UntagResource":          &cognito.UntagResourceInput{ResourceArn: pool, TagKeys: []string{"team"}},
		"ListTagsForResource":    &cognito.ListTagsForResourceInput{ResourceArn: pool},
		"CreateUserPoolClient":   &cognito.CreateUserPoolClientInput{UserPoolId: id, ClientName: s("c")},
		"DescribeUserPoolClient": &cognito.DescribeUserPoolClientInput{UserPoolId: id, ClientId: s("c")},
		"ListUserPoolClients":    &cognito.ListUserPoolClientsInput{UserPoolId: id},
		"DeleteUserPoolClient":   &cognito.DeleteUserPoolClientInput{UserPoolId: id, ClientId: s("c")},
		"AdminConfirmSignUp":     &cognito.AdminConfirmSignUpInput{UserPoolId: id, Username: s("u")},
		"AdminCreateUser":        &cognito.AdminCreateUserInput{UserPoolId: id, Username: s("u")},
		"AdminGetUser":           &cognito.AdminGetUserInput{UserPoolId: id, Username: s("u")},
		"AdminDeleteUser":        &cognito.AdminDeleteUserInput{UserPoolId: id, Username: s("u")},
		"ListUsers":              &cognito.ListUsersInput{UserPoolId: id},
	} {
		rows["cognito-idp:"+name] = []needs{{in: in, resource: *pool}}
	}
	return rows
}

func logRows() map[string][]needs {
	const group = "arn:aws:logs:us-east-1:000000000000:log-group:g"
	const streams = group + ":log-stream:" // so the real service's refusals show it
	name, tags := s("g"), map[string]string{"team": "a"}
	return map[string][]needs{
		"logs:CreateLogGroup": {{in: &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name}, resource: streams},
			{in: &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name, Tags: tags}, allow: []string{"logs:CreateLogGroup"}, action: "logs:TagResource", resource: group}},
		"logs:DeleteLogGroup":                {{in: &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: name}, resource: streams}},
		"logs:DescribeLogGroups":             {{in: &cloudwatchlogs.DescribeLogGroupsInput{}, resource: "arn:aws:logs:us-east-1:000000000000:log-group::log-stream:"}},
		"logs:PutRetentionPolicy":            {{in: &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: name, RetentionInDays: aws.Int32(1)}, resource: streams}},
		"logs:DeleteRetentionPolicy":         {{in: &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: name}, resource: streams}},
		"logs:PutLogGroupDeletionProtection": {{in: &cloudwatchlogs.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: name, DeletionProtectionEnabled: aws.Bool(true)}, resource: streams}},
		"logs:TagResource":                   {{in: &cloudwatchlogs.TagResourceInput{ResourceArn: s(group), Tags: tags}, resource: group}},
		"logs:UntagResource":                 {{in: &cloudwatchlogs.UntagResourceInput{ResourceArn: s(group + ":*"), TagKeys: []string{"team"}}, resource: group}},
		"logs:ListTagsForResource":           {{in: &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: s(group)}, resource: group}},
		"logs:DescribeLogStreams":            {{in: &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: name}, resource: streams}},
		"logs:GetLogEvents":                  {{in: &cloudwatchlogs.GetLogEventsInput{LogGroupName: name, LogStreamName: s("one")}, resource: streams + "one"}},
		"logs:PutSubscriptionFilter": {{in: &cloudwatchlogs.PutSubscriptionFilterInput{LogGroupName: name, FilterName: name, FilterPattern: s(""), DestinationArn: s("arn:aws:lambda:us-east-1:000000000000:function:f")},
			resource: streams}},
		"logs:DescribeSubscriptionFilters": {{in: &cloudwatchlogs.DescribeSubscriptionFiltersInput{LogGroupName: name}, resource: streams}},
		"logs:DeleteSubscriptionFilter":    {{in: &cloudwatchlogs.DeleteSubscriptionFilterInput{LogGroupName: name, FilterName: name}, resource: streams}},
		"logs:FilterLogEvents":             {{in: &cloudwatchlogs.FilterLogEventsInput{LogGroupName: name}, resource: streams}},
	}
}
