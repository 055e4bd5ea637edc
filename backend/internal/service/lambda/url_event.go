package lambda

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// httpEvent is the payload format version 2.0 (Lambda guide, function URLs).
type httpEvent struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  httpContext       `json:"requestContext"`
	Body            *string           `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type httpContext struct {
	AccountID    string          `json:"accountId"`
	APIID        string          `json:"apiId"`
	Authorizer   *httpAuthorizer `json:"authorizer,omitempty"`
	DomainName   string          `json:"domainName"`
	DomainPrefix string          `json:"domainPrefix"`
	HTTP         httpRequest     `json:"http"`
	RequestID    string          `json:"requestId"`
	RouteKey     string          `json:"routeKey"`
	Stage        string          `json:"stage"`
	Time         string          `json:"time"`
	TimeEpoch    int64           `json:"timeEpoch"`
}

type httpAuthorizer struct {
	IAM struct {
		AccessKey       string  `json:"accessKey"`
		AccountID       string  `json:"accountId"`
		CallerID        string  `json:"callerId"`
		CognitoIdentity *string `json:"cognitoIdentity"`
		PrincipalOrgID  *string `json:"principalOrgId"`
		UserARN         string  `json:"userArn"`
		UserID          string  `json:"userId"`
	} `json:"iam"`
}

type httpRequest struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// urlEvent is a request as the function sees it.
func urlEvent(r *http.Request, u *functionURL, rawPath string, body []byte, call *wire.Call, now time.Time) *httpEvent {
	path, err := url.PathUnescape(rawPath)
	if err != nil {
		path = rawPath
	}
	domain := u.ID + ".lambda-url." + u.Function.Region + ".on.aws"
	e := &httpEvent{Version: "2.0", RouteKey: "$default", RawPath: path, RawQueryString: r.URL.RawQuery, Headers: map[string]string{"host": domain},
		RequestContext: httpContext{AccountID: "anonymous", APIID: u.ID, DomainName: domain, DomainPrefix: u.ID, RequestID: call.RequestID, RouteKey: "$default", Stage: "$default",
			Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: httpRequest{Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: call.SourceIP, UserAgent: r.UserAgent()}}}
	if u.AuthType == types.FunctionUrlAuthTypeAwsIam {
		e.RequestContext.AccountID = call.Account
		e.RequestContext.Authorizer = &httpAuthorizer{}
		iam := &e.RequestContext.Authorizer.IAM
		iam.AccessKey, iam.AccountID, iam.CallerID, iam.UserARN, iam.UserID = call.AccessKeyID, call.Account, call.Session.UserID, call.Session.ARN, call.Session.UserID
	}
	for name, values := range r.Header {
		if name != "Cookie" {
			e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	for _, line := range r.Header.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			e.Cookies = append(e.Cookies, strings.TrimSpace(cookie))
		}
	}
	for name, values := range r.URL.Query() {
		if e.Query == nil {
			e.Query = map[string]string{}
		}
		e.Query[name] = strings.Join(values, ",")
	}
	if len(body) > 0 {
		text := string(body)
		if e.IsBase64Encoded = !isText(r.Header.Get("Content-Type")); e.IsBase64Encoded {
			text = base64.StdEncoding.EncodeToString(body)
		}
		e.Body = &text
	}
	return e
}

// isText reports whether a body of the type is handed to the function as text; others are in base64.
func isText(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType == ""
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml") ||
		slices.Contains([]string{"application/json", "application/xml", "application/javascript"}, t)
}

// httpResponse is what a function answers that means its answer as a response. StatusCode may be a number or its text.
type httpResponse struct {
	StatusCode      json.RawMessage `json:"statusCode"`
	Headers         map[string]any  `json:"headers"`
	Cookies         []string        `json:"cookies"`
	Body            *string         `json:"body"`
	IsBase64Encoded bool            `json:"isBase64Encoded"`
}

// answerURL writes a function's answer: an object with statusCode as it says, any other JSON as the body of a 200, a string raw
// (recorded from AWS). A function that failed, or a statusCode that is none, is a 502.
func answerURL(w http.ResponseWriter, r *http.Request, cors *types.Cors, out *invoke.Outcome) {
	broken := &urlRefusal{http.StatusBadGateway, "", "Internal Server Error"}
	allowOrigin(w, r, cors)
	if out.Failed() {
		broken.write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	var response httpResponse
	if err := json.Unmarshal(out.Payload, &response); err != nil || response.StatusCode == nil {
		var text string
		if json.Unmarshal(out.Payload, &text) == nil {
			_, _ = w.Write([]byte(text))
			return
		}
		_, _ = w.Write(out.Payload)
		return
	}
	status, err := strconv.Atoi(strings.Trim(string(response.StatusCode), `"`))
	if err != nil || status < 200 || status > 599 { // a 1xx is no answer
		broken.write(w)
		return
	}
	body := []byte(aws.ToString(response.Body))
	if response.IsBase64Encoded {
		if body, err = base64.StdEncoding.DecodeString(string(body)); err != nil {
			broken.write(w)
			return
		}
	}
	for name, v := range response.Headers {
		if slices.Contains(transportHeaders, http.CanonicalHeaderKey(name)) {
			continue
		}
		if cors == nil || !strings.HasPrefix(strings.ToLower(name), "access-control-") { // the URL's own settings win
			w.Header().Set(name, headerText(v))
		}
	}
	for _, c := range response.Cookies {
		w.Header().Add("Set-Cookie", c)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// transportHeaders are those of the connection and of the body's length, which are not the function's to say.
var transportHeaders = []string{"Connection", "Content-Length", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// headerText is a header's value: a function may give numbers and booleans.
func headerText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	}
	text, _ := json.Marshal(v) // it was decoded from JSON
	return string(text)
}

// allowOrigin sets the CORS headers of an answer to a page of an origin that the URL admits.
func allowOrigin(w http.ResponseWriter, r *http.Request, cors *types.Cors) bool {
	origin := r.Header.Get("Origin")
	if cors == nil || origin == "" || !admits(cors.AllowOrigins, origin) {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	if slices.Contains(cors.AllowOrigins, "*") && !aws.ToBool(cors.AllowCredentials) {
		h.Set("Access-Control-Allow-Origin", "*")
	}
	if aws.ToBool(cors.AllowCredentials) {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(cors.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(cors.ExposeHeaders, ","))
	}
	return true
}

func admits(list []string, value string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return s == "*" || strings.EqualFold(s, value) })
}

// preflight answers a browser's question whether a page may call the URL, which no function is asked; it reports whether it did.
func preflight(w http.ResponseWriter, r *http.Request, cors *types.Cors) bool {
	method := r.Header.Get("Access-Control-Request-Method")
	if cors == nil || r.Method != http.MethodOptions || method == "" {
		return false
	}
	if allowOrigin(w, r, cors) && admits(cors.AllowMethods, method) {
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", strings.Join(cors.AllowMethods, ","))
		if len(cors.AllowHeaders) > 0 {
			h.Set("Access-Control-Allow-Headers", strings.Join(cors.AllowHeaders, ","))
		}
		if n := aws.ToInt32(cors.MaxAge); n > 0 {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(n)))
		}
	}
	w.WriteHeader(http.StatusOK)
	return true
}
