package wire

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// words are the codes of one family of protocols for what is wrong with a signature.
type words struct{ unsigned, incomplete, unknown, mismatch, skewed, expired string }

var (
	jsonWords  = words{"MissingAuthenticationTokenException", "IncompleteSignatureException", "UnrecognizedClientException", "InvalidSignatureException", "InvalidSignatureException", "InvalidSignatureException"}
	queryWords = words{"MissingAuthenticationToken", "IncompleteSignature", "InvalidClientTokenId", "SignatureDoesNotMatch", "SignatureDoesNotMatch", "SignatureDoesNotMatch"}
	s3Words    = words{"AccessDenied", "AuthorizationHeaderMalformed", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "AccessDenied"}
)

func wordsOf(p Protocol) words {
	switch p {
	case Query:
		return queryWords
	case RESTXML:
		return s3Words
	}
	return jsonWords
}

const mismatchText = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."

// refuse words what is wrong with a signature as the service does.
func refuse(p Protocol, err error) *Error {
	w := wordsOf(p)
	switch {
	case errors.Is(err, errUnsigned) && p == RESTXML:
		return Errorf(http.StatusForbidden, w.unsigned, "Access Denied")
	case errors.Is(err, errUnsigned):
		return &Error{Status: http.StatusForbidden, Code: w.unsigned, Message: "Missing Authentication Token", NoType: true}
	case errors.Is(err, errIncomplete):
		return &Error{Status: http.StatusBadRequest, Code: w.incomplete, NoType: true,
			Message: "The Authorization header (or the presigned query) is not a complete AWS Signature Version 4"}
	case errors.Is(err, errSkewed) && p == RESTXML:
		return Errorf(http.StatusForbidden, w.skewed, "The difference between the request time and the current time is too large.")
	case errors.Is(err, errSkewed):
		return &Error{Status: http.StatusForbidden, Code: w.skewed, Message: "Signature expired: its date is too far from this machine's time", NoType: true}
	case errors.Is(err, errExpired):
		return Errorf(http.StatusForbidden, w.expired, "Request has expired")
	case errors.Is(err, errMismatch):
		return &Error{Status: http.StatusForbidden, Code: w.mismatch, Message: mismatchText, NoType: true}
	}
	return nil
}

// unknownKey is AWS's refusal of an access key that it does not know.
func unknownKey(p Protocol) *Error {
	w := wordsOf(p)
	if p == RESTXML {
		return Errorf(http.StatusForbidden, w.unknown, "The AWS Access Key Id you provided does not exist in our records.")
	}
	return &Error{Status: http.StatusForbidden, Code: w.unknown, Message: "The security token included in the request is invalid.", NoType: true}
}

// authenticate says who signed the request. payload gives the hash of the body that was signed; it is asked for only when
// there is a signature to check.
func (s *Server) authenticate(ctx context.Context, r *http.Request, p Protocol, call *Call, payload func() (string, error)) error {
	sig, err := readSignature(r)
	if err != nil {
		return refuse(p, err)
	}
	cred, err := s.cfg.Authenticator.Credential(ctx, sig.keyID)
	if fault.Is(err, fault.NotFound) {
		s.cfg.Log.Warn("a request was refused: unknown access key", "access_key_id", sig.keyID, "service", sig.service, "use", err.Error())
		return unknownKey(p)
	}
	if err != nil {
		return err
	}
	if cred.SessionToken != sig.token {
		s.cfg.Log.Warn("a request was refused: its session token is not that of the access key", "access_key_id", sig.keyID)
		return unknownKey(p)
	}
	hash, err := payload()
	if err != nil {
		return err
	}
	if err := sig.verify(r, cred.Secret, hash); err != nil {
		s.cfg.Log.Warn("a request was refused: its signature", "access_key_id", sig.keyID, "service", sig.service, "why", err.Error())
		if e := refuse(p, err); e != nil {
			return e
		}
		return err
	}
	call.Signed, call.AccessKeyID, call.Session, call.Account = true, sig.keyID, cred.Session, cred.Session.Account
	call.Region, call.signature = sig.region, sig
	return nil
}

// newCall begins a call: what is known before anybody has been asked.
func (s *Server) newCall(r *http.Request, service string) *Call {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return &Call{Service: service, Region: s.cfg.Region, Account: s.cfg.Account, RequestID: s.cfg.IDs.UUID(), SourceIP: host,
		UserAgent: r.UserAgent(), Session: authz.Session{Kind: authz.Anonymous}, HTTP: r}
}
