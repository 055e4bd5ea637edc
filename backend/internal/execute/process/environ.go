package process

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
)

// surroundings is what a program's environment variables tell it.
type surroundings struct {
	version     *function.Version
	program     *program
	view        view
	folder      string // on the machine, that tells the environment's processes from others
	api         string // host:port of the Runtime API
	endpoint    string
	credentials Credentials
	now         time.Time // the simulator's
	ahead       bool      // initialised before there is an event for it
}

// initialization is what a program is told of how it came to be initialised.
var initialization = map[bool]string{false: "on-demand", true: "provisioned-concurrency"}

// folderVariable names the folder that belongs to an environment alone, so that what it leaves behind can be told.
const folderVariable = "_LAMBDASIM_FOLDER"

// environ is the whole environment of a program: what Lambda sets (developer guide, "Defined runtime environment
// variables"; recorded 2026), AWS_ENDPOINT_URL, _LAMBDASIM_FOLDER and, where /tmp is not its own, TMPDIR, and over these the
// function's own. Nothing of the backend's
// environment is in it: no proxy, no profile, no HOME.
func (s surroundings) environ() []string {
	v := s.version
	all := map[string]string{
		"AWS_REGION":                      v.Region,
		"AWS_DEFAULT_REGION":              v.Region,
		"AWS_LAMBDA_FUNCTION_NAME":        v.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     v.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(v.MemorySize),
		"AWS_LAMBDA_LOG_GROUP_NAME":       logs.Group(v),
		"AWS_LAMBDA_LOG_STREAM_NAME":      logs.Stream(v, s.now),
		"AWS_LAMBDA_RUNTIME_API":          s.api,
		"AWS_LAMBDA_INITIALIZATION_TYPE":  initialization[s.ahead],
		"LAMBDA_TASK_ROOT":                s.view.task,
		"LAMBDA_RUNTIME_DIR":              s.view.client,
		"_HANDLER":                        v.Handler,
		"TZ":                              ":UTC",
		"PATH":                            s.path(),
		"LD_LIBRARY_PATH":                 s.libraryPath(),
		"AWS_ACCESS_KEY_ID":               s.credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":           s.credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN":               s.credentials.SessionToken,
		"AWS_XRAY_CONTEXT_MISSING":        "LOG_ERROR",
		"AWS_XRAY_DAEMON_ADDRESS":         "127.0.0.1:2000",
		"_AWS_XRAY_DAEMON_ADDRESS":        "127.0.0.1",
		"_AWS_XRAY_DAEMON_PORT":           "2000",
		"AWS_ENDPOINT_URL":                s.endpoint,
		folderVariable:                    s.folder,
	}
	if s.view.tmp != "/tmp" {
		all["TMPDIR"] = s.view.tmp
	}
	if s.program.managed {
		all["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + v.Runtime
	}
	if strings.EqualFold(v.LogFormat, "JSON") {
		all["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
		if v.ApplicationLevel != "" {
			all["AWS_LAMBDA_LOG_LEVEL"] = v.ApplicationLevel
		}
	}
	for name, value := range v.Environment {
		all[name] = value
	}
	list := make([]string, 0, len(all))
	for name, value := range all {
		list = append(list, name+"="+value)
	}
	slices.Sort(list)
	return list
}

// libraryPath is where a program's libraries are looked for, in Lambda's order.
func (s surroundings) libraryPath() string {
	return strings.Join([]string{"/var/lang/lib", "/lib64", "/usr/lib64", s.view.client, filepath.Join(s.view.client, "lib"),
		s.view.task, filepath.Join(s.view.task, "lib"), filepath.Join(s.view.opt, "lib")}, ":")
}

// path is where a program looks for others: beside the interpreter first, as Lambda's images have it.
func (s surroundings) path() string {
	folders := []string{"/usr/local/bin", "/usr/bin", "/bin", filepath.Join(s.view.opt, "bin")}
	if dir := filepath.Dir(s.program.path); s.program.managed && !slices.Contains(folders, dir) {
		folders = append([]string{dir}, folders...)
	}
	return strings.Join(folders, ":")
}
