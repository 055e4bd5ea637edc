package invoke

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// kindProvision is the agenda's kind of what brings a function's environments to the number that is provisioned.
const kindProvision = "invoke.provision"

// Prepared is what came of initialising environments ahead.
type Prepared struct {
	Ready   int    // how many there are now
	Failure string // why there are no more: FUNCTION_ERROR_INIT_FAILURE, or what this machine lacks; "" where nothing failed
	Log     []byte // what Lambda itself logs of it
}

// FailureInit is the reason of provisioned concurrency whose code does not initialise (as users have quoted it).
const FailureInit = "FUNCTION_ERROR_INIT_FAILURE"

// provisions are how far the functions' provisioned environments have come, in memory: a backend that starts prepares anew.
type provisions struct {
	mu      sync.Mutex
	pending map[string]int                 // by unqualified ARN: items on the agenda
	done    map[string]map[string]Prepared // by unqualified ARN and version
}

// Provision begins to bring a function's environments to the number that is provisioned now.
func (iv *Invoker) Provision(functionARN string) {
	iv.provisions.mu.Lock()
	if iv.provisions.pending == nil {
		iv.provisions.pending, iv.provisions.done = map[string]int{}, map[string]map[string]Prepared{}
	}
	iv.provisions.pending[functionARN]++
	iv.provisions.mu.Unlock()
	account := ""
	if parsed, err := arn.Parse(functionARN); err == nil {
		account = parsed.Account
	}
	iv.Agenda.Volatile(agenda.Item{Kind: kindProvision, Lane: functionARN, Account: account, Due: iv.Clock.Now(), Body: []byte(functionARN)})
}

// Reprovision is Provision for a function that has changed: where it has, or had, environments that are provisioned.
func (iv *Invoker) Reprovision(functionARN string) {
	iv.provisions.mu.Lock()
	_, known := iv.provisions.done[functionARN]
	iv.provisions.mu.Unlock()
	if known {
		iv.Provision(functionARN)
	}
}

// StartProvisions provisions every function that has something to provision. Call it when the backend starts.
func (iv *Invoker) StartProvisions(ctx context.Context) error {
	keys, err := iv.Functions.Provisioning(ctx)
	for _, k := range keys {
		iv.Provision(k.ARN())
	}
	return err
}

// provision prepares the environments of one function, version by version, and ends those that are too many.
func (iv *Invoker) provision(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	name := string(item.Body)
	defer func() {
		iv.provisions.mu.Lock()
		defer iv.provisions.mu.Unlock()
		if iv.provisions.pending[name]--; iv.provisions.pending[name] <= 0 {
			delete(iv.provisions.pending, name)
		}
	}()
	ref, err := arn.ParseFunctionRef(name, false)
	if err != nil {
		return agenda.Done(), err
	}
	limits, err := iv.Functions.Limits(ctx, function.Key{Account: ref.Account, Region: ref.Region, Name: ref.Name})
	if err != nil && !fault.Is(err, fault.NotFound) {
		return agenda.Done(), err
	}
	iv.provisions.mu.Lock()
	versions := maps.Clone(limits.Provisioned)
	if versions == nil {
		versions = map[string]int{}
	}
	for version := range iv.provisions.done[name] {
		versions[version] += 0 // one that has none any more
	}
	iv.provisions.mu.Unlock()
	done := map[string]Prepared{}
	for _, version := range slices.Sorted(maps.Keys(versions)) {
		ref.Qualifier = version
		fn, err := iv.Functions.Resolve(ctx, ref)
		if fault.Is(err, fault.NotFound) { // its environments ended with it
			continue
		}
		if err != nil {
			return agenda.Done(), err
		}
		got, err := iv.prepare(ctx, fn.Version, versions[version])
		if err != nil {
			return agenda.Done(), err
		}
		if versions[version] > 0 {
			done[version] = got
		}
	}
	iv.provisions.mu.Lock()
	defer iv.provisions.mu.Unlock()
	if iv.provisions.done[name] = done; len(done) == 0 {
		delete(iv.provisions.done, name)
	}
	return agenda.Done(), nil
}

// prepare prepares the environments of a version. An error is only for a backend that ends.
func (iv *Invoker) prepare(ctx context.Context, v *function.Version, n int) (Prepared, error) {
	got, err := iv.Executor.Prepare(ctx, v, n)
	if err != nil && (ctx.Err() != nil || fault.KindOf(err) == "") {
		return got, err
	}
	if err != nil { // this machine cannot run it, and the text says what to do
		got.Failure = err.Error()
	}
	if len(got.Log) > 0 {
		err = iv.keepLog(ctx, v, got.Log, "")
	}
	if got.Failure != "" {
		iv.Log.Warn("environments could not be initialised ahead", "function", v.QualifiedARN(), "why", got.Failure)
	}
	return got, err
}

// ready is how many of the environments that are provisioned for a version are there. Known is false where nothing has begun
// to prepare them: then all are taken to be.
func (iv *Invoker) ready(v *function.Version, provisioned int) (n int, known bool) {
	iv.provisions.mu.Lock()
	defer iv.provisions.mu.Unlock()
	got, known := iv.provisions.done[v.ARN()][v.Version]
	if !known && iv.provisions.pending[v.ARN()] == 0 {
		return provisioned, false
	}
	return min(provisioned, got.Ready), true
}

// Preparation says how far the environments that are provisioned for a version have come, and whether that is all for now.
func (iv *Invoker) Preparation(k function.Key, version string, provisioned int) (got Prepared, settled bool) {
	iv.provisions.mu.Lock()
	defer iv.provisions.mu.Unlock()
	got, known := iv.provisions.done[k.ARN()][version]
	pending := iv.provisions.pending[k.ARN()] > 0
	if !known && !pending {
		got.Ready = provisioned
	}
	got.Ready = min(got.Ready, provisioned)
	return got, !pending
}
