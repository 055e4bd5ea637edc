package apigateway

import (
	"encoding/base64"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// event2 is the payload format version 2.0 (developer guide, Lambda proxy integrations of HTTP APIs).
type event2 struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  context2          `json:"requestContext"`
	PathParameters  map[string]string `json:"pathParameters,omitempty"`
	StageVariables  map[string]string `json:"stageVariables,omitempty"`
	Body            *string           `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type context2 struct {
	AccountID    string       `json:"accountId"`
	APIID        string       `json:"apiId"`
	Authorizer   *authorizer2 `json:"authorizer,omitempty"`
	DomainName   string       `json:"domainName"`
	DomainPrefix string       `json:"domainPrefix"`
	HTTP         http2        `json:"http"`
	RequestID    string       `json:"requestId"`
	RouteKey     string       `json:"routeKey"`
	Stage        string       `json:"stage"`
	Time         string       `json:"time"`
	TimeEpoch    int64        `json:"timeEpoch"`
}

type authorizer2 struct {
	IAM iam2 `json:"iam"`
}

type iam2 struct {
	AccessKey       string  `json:"accessKey"`
	AccountID       string  `json:"accountId"`
	CallerID        string  `json:"callerId"`
	CognitoIdentity *string `json:"cognitoIdentity"`
	PrincipalOrgID  *string `json:"principalOrgId"`
	UserARN         string  `json:"userArn"`
	UserID          string  `json:"userId"`
}

type http2 struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

const timeLayout = "02/Jan/2006:15:04:05 -0700"

// event2 is a request as a function sees it in format 2.0.
func (a *API) event2(q *request, routeKey string) *event2 {
	now := a.Clock.Now().UTC()
	path := unescape(q.withStage())
	e := &event2{Version: "2.0", RouteKey: routeKey, RawPath: path, RawQueryString: q.URL.RawQuery, Headers: map[string]string{}, StageVariables: q.vars, PathParameters: q.values,
		RequestContext: context2{AccountID: q.api.Account, APIID: q.api.ID, DomainName: q.api.domain(), DomainPrefix: q.api.ID, RequestID: q.call.RequestID, RouteKey: routeKey,
			Stage: q.stage, Time: now.Format(timeLayout), TimeEpoch: now.UnixMilli(),
			HTTP: http2{Method: q.Method, Path: path, Protocol: q.Proto, SourceIP: q.call.SourceIP, UserAgent: q.UserAgent()}}}
	if q.signed {
		s := q.call.Session
		e.RequestContext.Authorizer = &authorizer2{iam2{AccessKey: q.call.AccessKeyID, AccountID: q.call.Account, CallerID: s.UserID, UserARN: s.ARN, UserID: s.UserID}}
	}
	for name, values := range a.headers(q) {
		if name != "Cookie" {
			e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	for _, line := range q.Header.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			e.Cookies = append(e.Cookies, strings.TrimSpace(cookie))
		}
	}
	for name, values := range q.URL.Query() {
		if e.Query == nil {
			e.Query = map[string]string{}
		}
		e.Query[name] = strings.Join(values, ",")
	}
	if len(q.body) > 0 {
		text := string(q.body)
		if e.IsBase64Encoded = !isText(q.Header.Get("Content-Type")); e.IsBase64Encoded {
			text = base64.StdEncoding.EncodeToString(q.body)
		}
		e.Body = &text
	}
	return e
}

// headers are those of a request with those that API Gateway adds. The host is the one that the API has on AWS.
func (a *API) headers(q *request) http.Header {
	h := q.Header.Clone()
	h.Set("Host", q.api.domain())
	h.Set("X-Forwarded-For", q.call.SourceIP)
	h.Set("X-Forwarded-Port", "443")
	h.Set("X-Forwarded-Proto", "https")
	if h.Get("X-Amzn-Trace-Id") == "" {
		h.Set("X-Amzn-Trace-Id", "Root=1-"+hexTime(a.Clock.Now().Unix())+"-"+strings.ReplaceAll(q.call.RequestID, "-", "")[:24])
	}
	return h
}

func hexTime(seconds int64) string {
	const digits = "0123456789abcdef"
	text := make([]byte, 8)
	for i := range text {
		text[i] = digits[seconds>>(28-4*i)&15]
	}
	return string(text)
}

// isText reports whether a body of the type is handed to a function of an HTTP API as text; others are in base64.
func isText(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType == ""
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml") ||
		slices.Contains([]string{"application/json", "application/xml", "application/javascript"}, t)
}
