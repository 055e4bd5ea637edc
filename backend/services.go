package backend

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/account"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/layer"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/process"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/script"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/apigateway"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/cognito"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/events"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/iam"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/kinesis"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/lambda"
	logsservice "github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/s3"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/sns"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/sqs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/sts"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// schemas lists every package with tables, in the order in which they are made.
func schemas() []postgres.Schema {
	return []postgres.Schema{agenda.Schema, trace.Schema, logs.Schema, blob.Schema, account.Schema, identity.Schema, function.Schema, layer.Schema, invoke.Schema, script.Schema, lambda.Schema, pull.Schema,
		kinesis.Schema, dynamodb.Schema, s3.Schema, cognito.Schema, sqs.Schema, sns.Schema, events.Schema, apigateway.Schema}
}

// parts are what a running backend is made of.
type parts struct {
	agenda     *agenda.Agenda
	trace      *trace.Recorder
	logs       *logs.Store
	logAPI     *logsservice.API
	metrics    *metrics.Registry
	identity   *identity.Store
	accounts   *account.Store
	authz      *authz.Authorizer
	functions  *function.Store
	layers     *layer.Store
	invoker    *invoke.Invoker
	events     *invoke.EventConfigs
	targets    *target.Targets
	dispatcher *push.Dispatcher
	lambda     *lambda.API
	poller     *pull.Poller
	scripts    *script.Store
	programs   *process.Executor
	kinesis    *kinesis.Store
	dynamodb   *dynamodb.Store
	s3         *s3.API
	cognito    *cognito.API
	buses      *events.API
	gateway    *apigateway.API
	sqs        *sqs.Store
	sns        *sns.API
	handler    http.Handler
}

// assemble builds the parts. Nothing runs yet.
func assemble(b *Backend) (*parts, error) {
	p := &parts{}
	cfg := &b.cfg
	p.agenda = agenda.New(b.db, b.clk, cfg.Log)
	p.trace = trace.NewRecorder(b.db, b.clk, cfg.Log)
	p.logs = logs.New(b.db, cfg.Log)
	p.logs.Clock = b.clk
	p.metrics = metrics.New()
	p.identity = identity.New(b.db, b.ids)
	p.accounts = account.New(b.db)
	p.authz = &authz.Authorizer{Identity: p.identity, Accounts: p.accounts, Clock: b.clk, Log: cfg.Log, Audit: cfg.IAM == "audit", DefaultAccount: cfg.Account,
		Tags: p.tagsOf}
	p.functions = function.New(b.db, b.ids)
	p.layers = layer.New(b.db, b.ids)
	p.scripts = &script.Store{Executor: script.New(b.clk), DB: b.db}
	p.functions.OnDelete(func(ctx context.Context, tx *postgres.Tx, k function.Key, qualifier string) error {
		if qualifier != "" {
			return nil
		}
		return p.scripts.Drop(ctx, tx, k.ARN())
	})
	p.functions.Bind, p.functions.Show = p.identity.Bind, p.identity.Show
	p.identity.OnChange(func(string) { p.functions.PrincipalsChanged() })
	p.programs = b.processes(p)
	p.targets = &target.Targets{}
	p.events = invoke.NewEventConfigs(b.db)
	p.functions.OnDelete(p.events.Forget)
	p.invoker = &invoke.Invoker{Functions: p.functions, Events: p.events, Targets: p.targets, Authz: p.authz, Executor: p.executor(cfg), Agenda: p.agenda, Trace: p.trace,
		Logs: p.logs, Clock: b.clk, IDs: b.ids, Log: cfg.Log, Metrics: p.metrics}
	p.functions.OnRetire(p.invoker.Executor.Retire)
	p.functions.OnChange(p.invoker.Reprovision)
	p.invoker.Register()
	p.dispatcher = &push.Dispatcher{Functions: p.functions, Authz: p.authz, Invoker: p.invoker, Targets: p.targets, Agenda: p.agenda, Trace: p.trace,
		Clock: b.clk, IDs: b.ids}
	p.dispatcher.Register()
	p.logAPI = &logsservice.API{Store: p.logs, Dispatcher: p.dispatcher}
	p.logAPI.Register()
	p.poller = &pull.Poller{DB: b.db, Functions: p.functions, Authz: p.authz, Invoker: p.invoker, Agenda: p.agenda, Trace: p.trace,
		Targets: p.targets, Clock: b.clk, IDs: b.ids, Log: cfg.Log, Metrics: p.metrics}
	p.poller.Init()
	p.hearOfRights()
	p.functions.OnChange(p.poller.WakeFunction)
	p.kinesis = kinesis.NewStore(b.db, p.agenda, p.poller.Wake)
	p.kinesis.Limits = cfg.Limits == "aws"
	p.poller.Register("kinesis", p.kinesis)
	p.sqs = sqs.NewStore(b.db, b.ids, p.authz, cfg.Log, p.poller.WakeQueue)
	p.sqs.RunMoves(p.agenda)
	p.sqs.OnPolicy(p.poller.WakeRoles)
	p.poller.RegisterQueue("sqs", p.sqs)
	p.targets.Register("sqs", p.sqs.Target())
	p.targets.Register("lambda", p.dispatcher.Target())
	p.sns = &sns.API{DB: b.db, Authz: p.authz, Dispatcher: p.dispatcher, Targets: p.targets, Agenda: p.agenda, Trace: p.trace, Clock: b.clk, IDs: b.ids, Log: cfg.Log,
		Endpoint: b.URL}
	p.sns.Register()
	p.targets.Register("sns", p.sns.Target())
	p.dynamodb = dynamodb.NewStore(b.db, p.agenda, p.poller.Wake)
	p.poller.Register("dynamodb", p.dynamodb)
	p.s3 = &s3.API{DB: b.db, Authz: p.authz, Dispatcher: p.dispatcher, Clock: b.clk, IDs: b.ids, Log: cfg.Log}
	p.targets.Register("s3", p.s3.Target())
	p.cognito = &cognito.API{DB: b.db, Dispatcher: p.dispatcher, Clock: b.clk, IDs: b.ids, Log: cfg.Log}
	p.buses = &events.API{DB: b.db, Authz: p.authz, Dispatcher: p.dispatcher, Targets: p.targets, Agenda: p.agenda, Trace: p.trace, Clock: b.clk, IDs: b.ids, Log: cfg.Log}
	p.buses.Register()
	p.targets.Register("events", p.buses.Target())
	p.gateway = &apigateway.API{DB: b.db, Authz: p.authz, Dispatcher: p.dispatcher, Trace: p.trace, Clock: b.clk, IDs: b.ids, Log: cfg.Log, Endpoint: b.URL}
	urls := &lambda.URLs{DB: b.db, IDs: b.ids}
	p.functions.OnDelete(urls.Forget)
	p.lambda = &lambda.API{Functions: p.functions, Events: p.events, URLs: urls, Layers: p.layers, Targets: p.targets, Invoker: p.invoker, Poller: p.poller, Authz: p.authz, Trace: p.trace,
		Clock: b.clk, IDs: b.ids, Object: p.s3.Object, CodeURL: b.codeURL, LayerURL: b.layerURL, Endpoint: b.URL}
	return p, p.open(b)
}

// hearOfRights tells those who ask what a role may, and keep the answer, that it may be another one now.
func (p *parts) hearOfRights() {
	for _, changed := range []func(string){p.poller.WakeRoles, func(string) { p.invoker.LogRightsChanged() }} {
		p.identity.OnChange(changed)
		p.accounts.OnChange(changed)
	}
	p.logs.OnGroups(p.invoker.LogRightsChanged)
}

// executor runs functions: as their scripts say, or else their code.
func (p *parts) executor(cfg *Config) invoke.Executor {
	if cfg.executor != nil {
		return cfg.executor
	}
	return script.Choose(p.scripts.Executor, nesting{p.programs})
}

// open makes the handler of everything that comes over the network.
func (p *parts) open(b *Backend) error {
	cfg := &b.cfg
	front, err := wire.NewServer(wire.Config{Authenticator: keys{p.authz, p.heard}, Authorize: p.authz.Require, Signed: p.identity.Used, Clock: b.clk, IDs: b.ids, Log: cfg.Log,
		Region: cfg.Region, Account: cfg.Account, AllowedHosts: cfg.hosts()}, b.services(p)...)
	if err != nil {
		return err
	}
	own := newControlAPI(b, p)
	p.gateway.Authenticate, p.gateway.Anonymous = front.Authenticate, front.Anonymous
	pages := &lambda.URLServer{API: p.lambda, Metrics: p.metrics, Authenticate: front.Authenticate, Anonymous: front.Anonymous}
	guarded := wire.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, control.Prefix) {
			own.ServeHTTP(w, r)
			return
		}
		front.ServeHTTP(w, r) // not through a mux, which would redirect paths that it finds unclean: they are S3 keys
	}), cfg.hosts()...)
	p.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pages.Serves(r) { // by any page, as on AWS
			pages.ServeHTTP(w, r)
			return
		}
		if p.gateway.Serves(r) {
			p.gateway.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
	return nil
}

// services is the list of AWS services.
func (b *Backend) services(p *parts) []wire.Service {
	tables := &dynamodb.API{Store: p.dynamodb, Clock: b.clk, IDs: b.ids, Authorize: p.authz.Require}
	return []wire.Service{
		p.lambda.Service(),
		(&iam.API{Identity: p.identity, Accounts: p.accounts, Log: b.cfg.Log}).Service(),
		(&sts.API{Identity: p.identity, Authz: p.authz}).Service(),
		(&kinesis.API{Store: p.kinesis, Clock: b.clk}).Service(),
		tables.Service(), tables.Streams(),
		p.s3.Service(),
		p.cognito.Service(),
		p.buses.Service(),
		p.gateway.REST(), p.gateway.HTTP(),
		p.logAPI.Service(),
		(&sqs.API{Store: p.sqs, Clock: b.clk}).Service(),
		p.sns.Service(),
	}
}

// codeURL is where GetFunction says that a version's code is.
func (b *Backend) codeURL(v *function.Version) string {
	return b.URL() + control.Prefix + "functions/" + url.PathEscape(v.QualifiedARN()) + "/code"
}

// layerURL is where GetLayerVersion says that a version's content is.
func (b *Backend) layerURL(versionARN string) string {
	return b.URL() + control.Prefix + "layers/" + url.PathEscape(versionARN) + "/code"
}

// processes runs real programs.
func (b *Backend) processes(p *parts) *process.Executor {
	return process.New(process.Options{
		Clock: b.clk, Log: b.cfg.Log, Dir: b.work.Path, Endpoint: b.URL, Libraries: b.cfg.Libraries, Share: b.cfg.Share, OneAtATime: b.clk.Mode() != clock.Real,
		Code: func(ctx context.Context, v *function.Version) ([]byte, error) {
			return p.functions.Code(ctx, function.Key{Account: v.Account, Region: v.Region, Name: v.Name}, v.Version)
		},
		Layer: p.layerCode,
		Credentials: func(ctx context.Context, v *function.Version) (process.Credentials, error) {
			return p.roleCredentials(ctx, v)
		},
	})
}

// layerCode reads the content of a version of a layer.
func (p *parts) layerCode(ctx context.Context, versionARN string) ([]byte, error) {
	k, number, ok := layer.ParseVersion(versionARN)
	if !ok {
		return nil, fault.New(fault.Invalid, "%q is not the ARN of a layer's version", versionARN)
	}
	return p.layers.Code(ctx, k, number)
}

// roleCredentials opens a session of the execution role for an environment; its AWS calls are checked against the role.
func (p *parts) roleCredentials(ctx context.Context, v *function.Version) (process.Credentials, error) {
	err := p.authz.RequireTrust(ctx, v.Role, v.ARN())
	if err != nil && fault.KindOf(err) == "" {
		return process.Credentials{}, err
	}
	if err != nil {
		return process.Credentials{}, fault.New(fault.Denied, "The role defined for the function cannot be assumed by Lambda.")
	}
	session, err := p.authz.RoleSession(ctx, v.Role, v.Name)
	if err != nil {
		return process.Credentials{}, err
	}
	c, err := p.identity.OpenSession(ctx, identity.Opening{Owner: identity.Key{Account: session.Account, Kind: identity.Role, Name: authz.RoleName(v.Role)},
		Name: v.Name, SourceFunction: v.ARN()})
	if err != nil {
		return process.Credentials{}, err
	}
	return process.Credentials{AccessKeyID: c.ID, SecretAccessKey: c.Secret, SessionToken: c.Token}, nil
}

// keys is the authorizer as the wire's authenticator.
type keys struct {
	authz *authz.Authorizer
	heard func(accessKeyID string)
}

// Credential says whose an access key is.
func (k keys) Credential(ctx context.Context, id string) (wire.Credential, error) {
	k.heard(id)
	secret, token, session, err := k.authz.Credential(ctx, id)
	return wire.Credential{Secret: secret, SessionToken: token, Session: session}, err
}

// close ends the parts: what starts work before what does it, what writes last.
func (p *parts) close(ctx context.Context) error {
	err := p.agenda.Close(ctx)
	p.invoker.Executor.Close()
	p.gateway.Close()
	p.poller.Close()
	p.kinesis.Close()
	p.sqs.Close()
	p.dynamodb.Close()
	p.trace.Close()
	p.logs.Close()
	return err
}
