package metrics

// Counter is one of AWS's metrics that count events.
type Counter int

// The counters, under AWS's names.
const (
	Invocations Counter = iota
	Errors
	Throttles
	AsyncEventsReceived
	AsyncEventsDropped
	DeadLetterErrors
	DestinationDeliveryFailures
	RecursiveInvocationsDropped
	ProvisionedConcurrencyInvocations
	ProvisionedConcurrencySpilloverInvocations
	URLRequests
	URL4xx
	URL5xx
	PolledEvents
	FilteredOutEvents
	InvokedEvents
	FailedInvokeEvents
	DroppedEvents
	OnFailureDestinationDeliveredEvents
	DeletedEvents
	lastCounter
)

// Spread is one of AWS's metrics that measure a time.
type Spread int

// The spreads, under AWS's names.
const (
	Duration Spread = iota
	AsyncEventAge
	IteratorAge
	URLRequestLatency
	lastSpread
)

type named struct{ name, help string }

var counters = [lastCounter]named{
	Invocations:                       {"Invocations", "Runs of the function's code, failed ones among them; no throttles."},
	Errors:                            {"Errors", "Runs that ended in a function error."},
	Throttles:                         {"Throttles", "Attempts for which no concurrency was free."},
	AsyncEventsReceived:               {"AsyncEventsReceived", "Events that were queued for asynchronous invocation."},
	AsyncEventsDropped:                {"AsyncEventsDropped", "Events that were given up without a successful run, handed on or not."},
	DeadLetterErrors:                  {"DeadLetterErrors", "Events that a dead-letter queue did not take."},
	DestinationDeliveryFailures:       {"DestinationDeliveryFailures", "Records that a destination did not take."},
	RecursiveInvocationsDropped:       {"RecursiveInvocationsDropped", "Invocations that would have gone on with a loop, and were stopped."},
	ProvisionedConcurrencyInvocations: {"ProvisionedConcurrencyInvocations", "Runs on provisioned concurrency."},
	ProvisionedConcurrencySpilloverInvocations: {"ProvisionedConcurrencySpilloverInvocations", "Runs on other concurrency while all that is provisioned was in use."},
	URLRequests:                         {"UrlRequestCount", "Requests to the function's URL."},
	URL4xx:                              {"Url4xxCount", "Requests to the function's URL that were answered with a 4xx status."},
	URL5xx:                              {"Url5xxCount", "Requests to the function's URL that were answered with a 5xx status."},
	PolledEvents:                        {"PolledEventCount", "Records that the mapping's pollers read."},
	FilteredOutEvents:                   {"FilteredOutEventCount", "Records and messages that no filter of the mapping matched."},
	InvokedEvents:                       {"InvokedEventCount", "Records that the function was run with, each time anew."},
	FailedInvokeEvents:                  {"FailedInvokeEventCount", "Records that the function was run with and did not process."},
	DroppedEvents:                       {"DroppedEventCount", "Records that were given up and are in no destination."},
	OnFailureDestinationDeliveredEvents: {"OnFailureDestinationDeliveredEventCount", "Records that were given up and of which a destination was told."},
	DeletedEvents:                       {"DeletedEventCount", "Messages that were deleted from the queue after they had been processed."},
}

var spreads = [lastSpread]named{
	Duration:          {"Duration", "How long the function's code ran, in milliseconds."},
	AsyncEventAge:     {"AsyncEventAge", "From the queueing of an event to a run of the function with it, in milliseconds."},
	IteratorAge:       {"IteratorAge", "The age of the last record of a batch when the function was run with it, in milliseconds."},
	URLRequestLatency: {"UrlRequestLatency", "From a request to the function's URL to its answer, in milliseconds."},
}
