package apigateway

import (
	"encoding/base64"
	"net/url"
)

// event1 is the payload format version 1.0, which REST APIs have too, without the version (recorded).
type event1 struct {
	Version         string              `json:"version,omitempty"`
	Resource        string              `json:"resource"`
	Path            string              `json:"path"`
	Method          string              `json:"httpMethod"`
	Headers         map[string]string   `json:"headers"`
	MultiHeaders    map[string][]string `json:"multiValueHeaders"`
	Query           map[string]string   `json:"queryStringParameters"`
	MultiQuery      map[string][]string `json:"multiValueQueryStringParameters"`
	RequestContext  context1            `json:"requestContext"`
	PathParameters  map[string]string   `json:"pathParameters"`
	StageVariables  map[string]string   `json:"stageVariables"`
	Body            *string             `json:"body"`
	IsBase64Encoded bool                `json:"isBase64Encoded"`
}

type context1 struct {
	AccountID         string    `json:"accountId"`
	APIID             string    `json:"apiId"`
	DeploymentID      string    `json:"deploymentId,omitempty"`
	DomainName        string    `json:"domainName"`
	DomainPrefix      string    `json:"domainPrefix"`
	ExtendedRequestID string    `json:"extendedRequestId"`
	Method            string    `json:"httpMethod"`
	Identity          identity1 `json:"identity"`
	Path              string    `json:"path"`
	Protocol          string    `json:"protocol"`
	RequestID         string    `json:"requestId"`
	RequestTime       string    `json:"requestTime"`
	RequestTimeEpoch  int64     `json:"requestTimeEpoch"`
	ResourceID        string    `json:"resourceId"`
	ResourcePath      string    `json:"resourcePath"`
	Stage             string    `json:"stage"`
}

type identity1 struct {
	AccessKey                     *string `json:"accessKey"`
	AccountID                     *string `json:"accountId"`
	Caller                        *string `json:"caller"`
	CognitoAuthenticationProvider *string `json:"cognitoAuthenticationProvider"`
	CognitoAuthenticationType     *string `json:"cognitoAuthenticationType"`
	CognitoIdentityID             *string `json:"cognitoIdentityId"`
	CognitoIdentityPoolID         *string `json:"cognitoIdentityPoolId"`
	PrincipalOrgID                *string `json:"principalOrgId"`
	SourceIP                      string  `json:"sourceIp"`
	User                          *string `json:"user"`
	UserAgent                     string  `json:"userAgent"`
	UserARN                       *string `json:"userArn"`
}

// place is where a request was routed to, as format 1.0 names it.
type place struct {
	resource     string // resource: of an HTTP API the route's key, of a REST API the resource's path
	path         string // as the function sees it
	whole        string // with the stage
	resourcePath string
	resourceID   string
	binary       func(contentType string) bool // bodies in base64; nil: all that are no text
}

// event1 is a request as a function sees it in format 1.0.
func (a *API) event1(q *request, version string, p place) *event1 {
	now := a.Clock.Now().UTC()
	e := &event1{Version: version, Resource: p.resource, Path: p.path, Method: q.Method, PathParameters: orNil(q.values), StageVariables: orNil(q.vars),
		RequestContext: context1{AccountID: q.api.Account, APIID: q.api.ID, DomainName: q.api.domain(), DomainPrefix: q.api.ID, ExtendedRequestID: q.call.RequestID[:15] + "=",
			Method: q.Method, Path: p.whole, Protocol: q.Proto, RequestID: q.call.RequestID, RequestTime: now.Format(timeLayout), RequestTimeEpoch: now.UnixMilli(),
			ResourceID: p.resourceID, ResourcePath: p.resourcePath, Stage: q.stage, Identity: identity1{SourceIP: q.call.SourceIP, UserAgent: q.UserAgent()}}}
	if q.signed {
		s := q.call.Session
		i := &e.RequestContext.Identity
		i.AccessKey, i.AccountID, i.Caller, i.User, i.UserARN = &q.call.AccessKeyID, &q.call.Account, &s.UserID, &s.UserID, &s.ARN
	}
	if version == "" {
		e.RequestContext.DeploymentID = q.deploy
	}
	e.Headers, e.MultiHeaders = last(url.Values(a.headers(q)))
	e.Query, e.MultiQuery = last(q.URL.Query())
	if len(q.body) > 0 {
		text, binary := string(q.body), p.binary
		if binary == nil {
			binary = func(t string) bool { return !isText(t) }
		}
		if e.IsBase64Encoded = binary(q.Header.Get("Content-Type")); e.IsBase64Encoded {
			text = base64.StdEncoding.EncodeToString(q.body)
		}
		e.Body = &text
	}
	return e
}

// last are values as format 1.0 has them: the last of each, and all. What is absent is null.
func last(values url.Values) (one map[string]string, all map[string][]string) {
	for name, list := range values {
		if one == nil {
			one, all = map[string]string{}, map[string][]string{}
		}
		one[name], all[name] = list[len(list)-1], list
	}
	return one, all
}

func orNil(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}
