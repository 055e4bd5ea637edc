package backend

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
)

// Defaults of the configuration.
const (
	DefaultListen  = "127.0.0.1:4566"
	DefaultRegion  = "us-east-1"
	DefaultAccount = "000000000000"
)

// Config says how a backend runs. The zero value of a field is its default.
type Config struct {
	Listen      string   // host:port; port 0 takes a free one
	Hosts       []string // further names under which the backend is reached; those of Listen and loopback always are
	StateDir    string   // of the private PostgreSQL; ignored with DatabaseURL
	DatabaseURL string   // a PostgreSQL server of the user's; empty: a private one
	Clock       string   // real (default), virtual or auto
	ClockStart  time.Time
	IAM         string // enforce (default) or audit
	Region      string
	Account     string   // the default account
	Limits      string   // off (default) or aws: of the throughput of Kinesis shards
	Seed        uint64   // of identifiers; 0: unpredictable
	Libraries   string   // folder with AWS SDKs for functions, as "runtimes install" fills it; may be missing
	Share       []string // folders of this machine that functions may use beside their own; absolute
	Token       string   // demanded by the control API; needed where Listen is beyond loopback
	Version     string
	Log         *slog.Logger

	executor invoke.Executor // runs every function in place of processes and scripts; for the simulation, which keeps the functions' own log
}

var (
	accountForm = regexp.MustCompile(`^\d{12}$`)
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d$`)
)

// complete fills in defaults and checks the rest.
func (c *Config) complete() error {
	for field, value := range map[*string]string{&c.Listen: DefaultListen, &c.Clock: string(clock.Real), &c.IAM: "enforce",
		&c.Region: DefaultRegion, &c.Account: DefaultAccount, &c.Limits: "off", &c.Version: "dev"} {
		if *field == "" {
			*field = value
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.IAM != "enforce" && c.IAM != "audit":
		return fmt.Errorf("--iam %q: want enforce or audit", c.IAM)
	case c.Limits != "off" && c.Limits != "aws":
		return fmt.Errorf("--limits %q: want off or aws", c.Limits)
	case !accountForm.MatchString(c.Account):
		return fmt.Errorf("--account %q: want twelve digits", c.Account)
	case !regionForm.MatchString(c.Region):
		return fmt.Errorf("--region %q: want a region's name, for example us-east-1", c.Region)
	}
	if c.Libraries != "" {
		var err error
		if c.Libraries, err = filepath.Abs(c.Libraries); err != nil {
			return fmt.Errorf("--libraries %q: %w", c.Libraries, err)
		}
	}
	for _, dir := range c.Share {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() || !filepath.IsAbs(dir) {
			return fmt.Errorf("--share %q: want the absolute path of a folder that is there", dir)
		}
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %q: want host:port", c.Listen)
	}
	if !loopback(host) && c.Token == "" {
		return fmt.Errorf("--listen %s is reachable from other machines: set LAMBDASIM_CONTROL_TOKEN, which the control API then demands (Authorization: Bearer …), or listen on 127.0.0.1", c.Listen)
	}
	return nil
}

// hosts are the names and addresses under which requests may come, besides loopback ones. Listening on every address, the
// machine's own are among them: no web page can make a browser send one of these as Host without really meaning it.
func (c *Config) hosts() []string {
	var list []string
	for _, h := range c.Hosts {
		list = append(list, strings.ToLower(h))
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || loopback(host) {
		return list
	}
	if a, err := netip.ParseAddr(host); host != "" && (err != nil || !a.IsUnspecified()) {
		return append(list, strings.ToLower(host))
	}
	if name, err := os.Hostname(); err == nil {
		list = append(list, strings.ToLower(name))
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return list
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			list = append(list, p.Addr().String())
		}
	}
	return list
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
