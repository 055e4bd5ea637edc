package wire

import (
	"bytes"
	"context"
	"crypto/hmac"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// words are the codes of one family of protocols for what is wrong with a signature (Common Errors of Lambda, Kinesis, IAM
// and S3), with the status that goes with them.
type words struct {
	unsigned, incomplete, unknown, token, mismatch, skewed, expired, body string
	status                                                                int
}

var (
	restWords  = words{"MissingAuthenticationTokenException", "IncompleteSignatureException", "UnrecognizedClientException", "UnrecognizedClientException", "InvalidSignatureException", "InvalidSignatureException", "InvalidSignatureException", "InvalidSignatureException", http.StatusForbidden}
	queryWords = words{"MissingAuthenticationToken", "IncompleteSignature", "InvalidClientTokenId", "InvalidClientTokenId", "SignatureDoesNotMatch", "SignatureDoesNotMatch", "SignatureDoesNotMatch", "SignatureDoesNotMatch", http.StatusForbidden}
	s3Words    = words{"AccessDenied", "AuthorizationHeaderMalformed", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "AccessDenied", "XAmzContentSHA256Mismatch", http.StatusForbidden}
)

// wordsOf returns the words of a protocol. The JSON protocols have those of REST-JSON, but answer 400 throughout.
func wordsOf(p Protocol) words {
	switch p {
	case Query:
		return queryWords
	case RESTXML:
		return s3Words
	case JSON10, JSON11:
		w := restWords
		w.status = http.StatusBadRequest
		return w
	}
	return restWords
}

const mismatchText = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// errMismatchBody is a body whose hash is not the one that was signed.
var errMismatchBody = errors.New("the body's hash is not that of x-amz-content-sha256")

// refuse words what is wrong with a signature as the service does; nil for an error that is none of these.
func refuse(p Protocol, err error) *Error {
	w := wordsOf(p)
	e := &Error{Status: w.status, NoType: true, Message: err.Error()}
	var incomplete incompleteError
	var skew skewError
	var unsigned unsignedHeadersError
	switch {
	case errors.Is(err, errUnsigned):
		e.Code, e.Message = w.unsigned, "Missing Authentication Token"
		if p == RESTXML {
			e.Message = "Access Denied"
		}
	case errors.Is(err, errMechanism):
		e.Code, e.Status = w.incomplete, http.StatusBadRequest
		if p == RESTXML {
			e.Code, e.Message = "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
		}
	case errors.As(err, &incomplete):
		e.Code, e.Status = w.incomplete, http.StatusBadRequest
	case errors.As(err, &skew):
		e.Code = w.skewed
		if p == RESTXML {
			e.Message = "The difference between the request time and the current time is too large."
			e.Fields = map[string]string{"RequestTime": skew.at.Format(amzDate), "ServerTime": isoTime(skew.now)}
		}
	case errors.As(err, &unsigned):
		e.Code = "AccessDenied"
		e.Fields = map[string]string{"HeadersNotSigned": strings.Join(unsigned, ", ")}
	case errors.Is(err, errExpired):
		e.Code, e.Message = w.expired, "Request has expired"
	case errors.Is(err, errMismatch):
		e.Code, e.Message = w.mismatch, mismatchText
	case errors.Is(err, errMismatchBody):
		e.Code, e.Status = w.body, http.StatusBadRequest
		e.Message = "The provided 'x-amz-content-sha256' header does not match what was computed."
	default:
		return nil
	}
	return e
}

// unknownKey is AWS's refusal of an access key that it does not know.
func unknownKey(p Protocol) *Error {
	w := wordsOf(p)
	if p == RESTXML {
		return Errorf(w.status, w.unknown, "The AWS Access Key Id you provided does not exist in our records.")
	}
	return &Error{Status: w.status, Code: w.unknown, Message: "The security token included in the request is invalid.", NoType: true}
}

// wrongToken is AWS's refusal of temporary credentials whose session token is missing or another's.
func wrongToken(p Protocol) *Error {
	w := wordsOf(p)
	if p == RESTXML {
		return Errorf(http.StatusBadRequest, w.token, "The provided token is malformed or otherwise invalid.")
	}
	return &Error{Status: w.status, Code: w.token, Message: "The security token included in the request is invalid.", NoType: true}
}

// expiredToken is AWS's refusal of temporary credentials that were once valid.
func expiredToken(p Protocol) *Error {
	w := wordsOf(p)
	switch p {
	case RESTXML:
		return Errorf(http.StatusBadRequest, "ExpiredToken", "The provided token has expired.")
	case Query:
		return &Error{Status: w.status, Code: "ExpiredToken", Message: "The security token included in the request is expired", NoType: true}
	}
	return &Error{Status: w.status, Code: "ExpiredTokenException", Message: "The security token included in the request is expired", NoType: true}
}

// authenticate says who signed the request. payload gives the hash of the body that was signed; it is asked for only when
// there is a signature to check.
func (s *Server) authenticate(ctx context.Context, r *http.Request, p Protocol, call *Call, payload func() (string, error)) error {
	sig := call.signature
	if call.unread != nil {
		return refuse(p, call.unread)
	}
	cred, err := s.cfg.Authenticator.Credential(ctx, sig.keyID)
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Detail == authz.Expired {
		s.cfg.Log.Info("a request was refused: its session has expired", "access_key_id", sig.keyID, "service", sig.service, "why", err.Error())
		return expiredToken(p)
	}
	if fault.Is(err, fault.NotFound) {
		s.cfg.Log.Warn("a request was refused: unknown access key", "access_key_id", sig.keyID, "service", sig.service, "use", err.Error())
		return unknownKey(p)
	}
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(cred.SessionToken), []byte(sig.token)) {
		s.cfg.Log.Warn("a request was refused: its session token is not that of the access key", "access_key_id", sig.keyID, "service", sig.service,
			"use", "the key, the secret and the session token that were issued together; keys without a session token send none")
		return wrongToken(p)
	}
	hash, err := payload()
	if err == nil {
		err = sig.verify(r, cred.Secret, hash)
	}
	if err != nil {
		s.cfg.Log.Warn("a request was refused: its signature", "access_key_id", sig.keyID, "service", sig.service, "why", err.Error())
		if e := refuse(p, err); e != nil {
			return e
		}
		return err
	}
	call.Signed, call.AccessKeyID, call.Session, call.Account = true, sig.keyID, cred.Session, cred.Session.Account
	call.Region = sig.region
	if s.cfg.Signed != nil {
		s.cfg.Signed(sig.keyID, sig.service, sig.region)
	}
	return nil
}

// Authenticate says who signed a request that is no API call of a service here, for example one to a function URL with the
// authorization type AWS_IAM. The body is read, up to the limit of a request, and put back. The error is an *Error, worded
// for the service of the signature's scope.
func (s *Server) Authenticate(r *http.Request) (*Call, error) {
	call := s.newCall(r)
	p := RESTJSON
	if svc := s.services[call.Service]; svc != nil {
		p = svc.API.Protocol
	}
	err := s.authenticate(WithCall(r.Context(), call), r, p, call, func() (string, error) {
		if p == RESTXML {
			return declaredHash(r)
		}
		body, err := readBody(nil, r)
		if err != nil {
			return "", err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		return bodyHash(r, body)
	})
	if err != nil {
		return nil, err
	}
	return call, nil
}

// Anonymous is the call of a request that nobody has to sign, for example one to a function URL with the authorization type NONE.
func (s *Server) Anonymous(r *http.Request) *Call {
	call := s.newCall(r)
	call.Session = authz.Session{Kind: authz.Anonymous}
	return call
}

// bodyHash is the hash that was signed: that of the body. Where a header names it as well, it must be the same, unless the
// body is not signed.
func bodyHash(r *http.Request, body []byte) (string, error) {
	named := contentHash(r)
	if named == unsignedPayload {
		return named, nil
	}
	hash := hashHex(body)
	if named != "" && named != hash {
		return "", errMismatchBody
	}
	return hash, nil
}

// contentHash is what a request says of its body's hash: in a header, or, presigned, in the query.
func contentHash(r *http.Request) string {
	if hash := r.Header.Get("X-Amz-Content-Sha256"); hash != "" {
		return hash
	}
	if !strings.Contains(r.URL.RawQuery, "X-Amz-") {
		return ""
	}
	return r.URL.Query().Get("X-Amz-Content-Sha256")
}

// declaredHash is the hash that S3 verifies with: as declared, since the body is streamed and checked while it is read. A
// presigned request need not declare one.
func declaredHash(r *http.Request) (string, error) {
	hash := contentHash(r)
	switch {
	case hash != "":
		return hash, nil
	case r.Header.Get("Authorization") == "":
		return unsignedPayload, nil
	}
	return "", Errorf(http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
}

// newCall begins a call: what is known before anybody has been asked. Its service is the one of the signature's scope, also
// where the signature is wrong otherwise.
func (s *Server) newCall(r *http.Request) *Call {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	call := &Call{Region: s.cfg.Region, Account: s.cfg.Account, RequestID: s.cfg.IDs.UUID(), SourceIP: host,
		UserAgent: r.UserAgent(), Session: authz.Session{Kind: authz.Anonymous}, HTTP: r}
	call.signature, call.unread = readSignature(r)
	if call.signature != nil {
		call.Service = call.signature.service
	}
	return call
}
