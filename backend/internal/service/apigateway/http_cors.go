package apigateway

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// allowOrigin sets the CORS headers of an answer to a page of an origin that the API admits; it reports whether it does.
func allowOrigin(w http.ResponseWriter, r *http.Request, cors *types.Cors) bool {
	origin := r.Header.Get("Origin")
	if cors == nil || origin == "" || !admitsOrigin(cors.AllowOrigins, origin) {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	if slices.Contains(cors.AllowOrigins, "*") && !aws.ToBool(cors.AllowCredentials) {
		h.Set("Access-Control-Allow-Origin", "*")
	} else {
		h.Add("Vary", "Origin")
	}
	if aws.ToBool(cors.AllowCredentials) {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(cors.ExposeHeaders) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(cors.ExposeHeaders, ","))
	}
	return true
}

// admitsOrigin reports whether a list of origins has one: also as "*", or by its scheme, "https://*".
func admitsOrigin(list []string, origin string) bool {
	return slices.ContainsFunc(list, func(s string) bool {
		scheme, any := strings.CutSuffix(s, "://*")
		return s == "*" || strings.EqualFold(s, origin) || any && strings.HasPrefix(origin, scheme+"://")
	})
}

func admits(list []string, value string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return s == "*" || strings.EqualFold(s, value) })
}

// preflight answers a browser's question whether a page may call an API with a CORS configuration. No route is asked, also
// where one fits OPTIONS (developer guide, CORS of HTTP APIs). It reports whether it did.
func preflight(w http.ResponseWriter, r *http.Request, cors *types.Cors) bool {
	method := r.Header.Get("Access-Control-Request-Method")
	if cors == nil || r.Method != http.MethodOptions || method == "" {
		return false
	}
	if admits(cors.AllowMethods, method) && allowOrigin(w, r, cors) {
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", strings.Join(cors.AllowMethods, ","))
		if len(cors.AllowHeaders) > 0 {
			h.Set("Access-Control-Allow-Headers", strings.Join(cors.AllowHeaders, ","))
		}
		if cors.MaxAge != nil {
			h.Set("Access-Control-Max-Age", strconv.Itoa(int(*cors.MaxAge)))
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}
