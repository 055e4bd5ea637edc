package filter_test

import (
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs/filter"
)

func TestPatterns(t *testing.T) {
	const update = `{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],` +
		`"SomeObject":null,"ThisFlag":true,"user":{"id":1,"email":"John.Stiles@example.com"},"actions":["GET","PUT"],"cluster.name":"c","latency":12.5,"big":1e3}`
	const access = `127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`
	for _, c := range []struct {
		pattern, message string
		want             bool
	}{
		{"", "anything", true},
		{`" "`, "a b", true},
		{"ERROR", "[ERROR 400] BAD REQUEST", true},
		{"ERROR", "error", false},
		{"ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true},
		{"ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", false},
		{"?ERROR ?ARGUMENTS", "[INFO 12] INVALID ARGUMENTS", true},
		{"?ERROR ?ARGUMENTS", "[INFO 12] FINE", false},
		{"?ERROR ?ARGUMENTS REQUEST", "[INFO] REQUEST FAILED", true},
		{"?ERROR ?ARGUMENTS REQUEST", "[ERROR 1]", false},
		{`"INTERNAL SERVER ERROR"`, "[ERROR 500] INTERNAL SERVER ERROR", true},
		{`"INTERNAL SERVER ERROR"`, "SERVER INTERNAL ERROR", false},
		{"ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", true},
		{"ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", false},
		{"-START", "END x", true},
		{"%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", true},
		{"%[4-5][0-9]{2}%", "status 503", true},
		{"%^ERR%", "an ERR", false},

		{`{ $.eventType = "UpdateTrail" }`, update, true},
		{`{ $.eventType = "Update*" }`, update, true},
		{`{ $.eventType = %Trail$% }`, update, true},
		{`{ $.eventType = UpdateTrail }`, update, true},
		{`{ $.eventType = "Trail" }`, update, false},
		{`{ $.eventType != "UpdateTrail" }`, update, false},
		{`{ $.missing != "x" }`, update, false},
		{`{ $.sourceIPAddress != 123.123.* }`, update, true},
		{`{ $.sourceIPAddress = 111.111.* }`, update, true},
		{`{ $.arrayKey[0] = "value" }`, update, true},
		{`{ $.arrayKey[1] = "value" }`, update, false},
		{`{ $.actions[*] = "PUT" }`, update, true},
		{`{ $.objectList[1].id = 2 }`, update, true},
		{`{ $.objectList[*].id > 2 }`, update, false},
		{`{ $.SomeObject IS NULL }`, update, true},
		{`{ $.user IS NULL }`, update, false},
		{`{ $.SomeOther NOT EXISTS }`, update, true},
		{`{ $.SomeObject NOT EXISTS }`, update, false},
		{`{ $.ThisFlag IS TRUE }`, update, true},
		{`{ $.ThisFlag IS FALSE }`, update, false},
		{`{ ($.user.id = 1) && ($.user.email = "John.*") }`, update, true},
		{`{ ($.user.id = 2 || $.user.email = "nobody") && $.actions[0] = "GET" }`, update, false},
		{`{ $.user.id = 2 && $.nothing = 1 || $.actions[0] = "GET" }`, update, true},
		{`{ $.latency >= 12.5 && $.latency < 13 }`, update, true},
		{`{ $.big = 1000 }`, update, true},
		{`{ $.['cluster.name'] = "c" }`, update, true},
		{`{ $.user = "*" }`, update, false},
		{`{ $.eventType = "*" }`, "no JSON", false},

		{`[ip, user, username, timestamp, request, status_code, bytes]`, access, true},
		{`[ip, user, username, timestamp, request, status_code]`, access, false},
		{`[ip, user, username, timestamp, request = *.html*, status_code = 4*, bytes]`, access, true},
		{`[..., status_code = 404, bytes > 1000]`, access, true},
		{`[..., status_code = 404, bytes > 2000]`, access, false},
		{`[ip = 10.*, ...]`, access, false},
		{`[ip, ..., bytes]`, access, true},
		{`[..., request = %html%, status_code = 4* || status_code = 5*, bytes]`, access, true},
		{`[..., status_code != 404 && status_code != 410, bytes]`, access, false},
		{`[w1 = ERROR, ...]`, "ERROR and more", true},
	} {
		f, err := filter.Compile(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := f.Match(c.message); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.message, got)
		}
	}
}

func TestWhatIsNoPattern(t *testing.T) {
	for _, pattern := range []string{`"open`, `ERROR:`, `%open`, `%(a)%`, `%[%`, `%a% %b% %c%`, `{ $.a }`, `{ $.a = }`, `{ a = 1 }`, `{ $ = 1 }`, `{ $.a[x] = 1 }`, `{ ($.a = 1 }`, `{ $.a = 1`, `{ $.a = 1 } x`,
		`{ $.a = 1 && }`, `{ $.['a = 1 }`, `{ $.a IS MAYBE }`, `[a, , b]`, `[a`, `[..., ...]`, `[a =]`, `[a] b`} {
		if _, err := filter.Compile(pattern); err == nil {
			t.Errorf("%s is taken", pattern)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`ERROR -a ?b "c" %d%`, `{ ($.a[*].b = "x*") && $.['c'] NOT EXISTS || $.d IS NULL }`, `[a, b = 4* && b != 404, ..., c > 1]`} {
		f.Add(seed, `{"a":[{"b":"x"}]}`)
	}
	f.Fuzz(func(t *testing.T, pattern, message string) {
		if p, err := filter.Compile(pattern); err == nil {
			p.Match(message)
		}
	})
}
