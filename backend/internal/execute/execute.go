// Package execute holds what Lambda's service itself says about an attempt, whoever runs it: the lines around a function's
// output (INIT_START, START, END, REPORT) and the error documents that no function wrote (ran out of time, exited,
// answered too much).
//
// The two executors beside it, process and script, share these words, so that a log or an error document does not tell
// them apart. Texts are as recorded from AWS between 2024 and 2026; the JSON form of the lines is that of the developer
// guide's page on advanced logging controls, those that the system log level shows.
package execute

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
)

// Error types of failures that the service reports in place of the function.
const (
	TimedOut          = "Sandbox.Timedout"
	ExitError         = "Runtime.ExitError"
	InvalidEntrypoint = "Runtime.InvalidEntrypoint"
	ResponseTooLarge  = "Function.ResponseSizeTooLarge"
)

// Failure is the outcome of an attempt that the service ended: its document names the request.
func Failure(inv *invoke.Invocation, errorType, reason string) *invoke.Outcome {
	message := fmt.Sprintf("RequestId: %s Error: %s", inv.RequestID, reason)
	return Failed(inv, document(struct {
		ErrorType    string `json:"errorType"`
		ErrorMessage string `json:"errorMessage"`
	}{errorType, message}), errorType, message)
}

// Timeout is the outcome of an attempt that took longer than the function's timeout.
func Timeout(inv *invoke.Invocation) *invoke.Outcome {
	return Failure(inv, TimedOut, timeoutReason(inv))
}

// TooLarge is the outcome of an attempt whose result is greater than invoke.MaxResponse.
func TooLarge(inv *invoke.Invocation) *invoke.Outcome {
	message := fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", invoke.MaxResponse)
	return Failed(inv, Document(ResponseTooLarge, message), ResponseTooLarge, message)
}

// Failed is the outcome of an attempt that failed with the document.
func Failed(inv *invoke.Invocation, document []byte, errorType, message string) *invoke.Outcome {
	return &invoke.Outcome{Payload: document, FunctionError: "Unhandled", ErrorType: errorType, ErrorMessage: message,
		ExecutedVersion: inv.Function.Version}
}

// Document is an error document of two fields, the message first.
func Document(errorType, message string) []byte {
	return document(struct {
		ErrorMessage string `json:"errorMessage"`
		ErrorType    string `json:"errorType"`
	}{message, errorType})
}

// document renders v as the service does: without the escapes for HTML.
func document(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // strings and numbers always encode
	return bytes.TrimRight(b.Bytes(), "\n")
}

func timeoutReason(inv *invoke.Invocation) string {
	return fmt.Sprintf("Task timed out after %.2f seconds", float64(inv.Function.Timeout))
}

// Lines writes the service's lines of one function's log, in the format that its configuration asks for. Every line
// ends with a newline.
type Lines struct {
	Version *function.Version
	At      time.Time // the simulator's time
}

func (l Lines) json() bool { return strings.EqualFold(l.Version.LogFormat, "JSON") }

// event is a line of the service's as JSON, or nothing where the system log level leaves it out.
func (l Lines) event(level, kind string, record map[string]any) string {
	if slices.Index(levels, level) < slices.Index(levels, cmp.Or(l.Version.SystemLevel, "INFO")) {
		return ""
	}
	return string(document(struct {
		Time   string         `json:"time"`
		Type   string         `json:"type"`
		Record map[string]any `json:"record"`
	}{l.stamp(), "platform." + kind, record})) + "\n"
}

// levels are the system log levels; a line is shown where its own is not below the function's.
var levels = []string{"DEBUG", "INFO", "WARN"}

// outcomeLevel is the level of a line about what has succeeded, or has not: the developer guide's table of system events.
func outcomeLevel(status, success string) string {
	if status == "success" {
		return success
	}
	return "WARN"
}

func (l Lines) stamp() string { return l.At.UTC().Format("2006-01-02T15:04:05.000Z") }

// InitStart is the line of a new environment. The runtime's version is as INIT_START spells it ("python:3.12.v1").
func (l Lines) InitStart(runtimeVersion, runtimeARN string) string {
	if l.json() {
		return l.event("INFO", "initStart", map[string]any{"initializationType": "on-demand", "phase": "init",
			"runtimeVersion": runtimeVersion, "runtimeVersionArn": runtimeARN,
			"functionName": l.Version.Name, "functionVersion": l.Version.Version})
	}
	return fmt.Sprintf("INIT_START Runtime Version: %s\tRuntime Version ARN: %s\n", runtimeVersion, runtimeARN)
}

// InitReport is the line of an initialisation that failed; status is "timeout" or "error", the error type may be empty.
func (l Lines) InitReport(took time.Duration, phase, status, errorType string) string {
	if l.json() {
		record := map[string]any{"initializationType": "on-demand", "phase": phase, "status": status,
			"metrics": map[string]any{"durationMs": milliseconds(took)}}
		if errorType != "" {
			record["errorType"] = errorType
		}
		return l.event(outcomeLevel(status, "DEBUG"), "initReport", record)
	}
	text := fmt.Sprintf("INIT_REPORT Init Duration: %.2f ms\tPhase: %s\tStatus: %s", milliseconds(took), phase, status)
	if errorType != "" {
		text += "\tError Type: " + errorType
	}
	return text + "\n"
}

// Start is the line before the function's own.
func (l Lines) Start(requestID string) string {
	if l.json() {
		return l.event("INFO", "start", map[string]any{"requestId": requestID, "version": l.Version.Version})
	}
	return fmt.Sprintf("START RequestId: %s Version: %s\n", requestID, l.Version.Version)
}

// Failure is what the service says of an attempt that it ended itself: nothing for a failure of the function's own.
func (l Lines) Failure(inv *invoke.Invocation, out *invoke.Outcome) string {
	switch out.ErrorType {
	case TimedOut:
		return fmt.Sprintf("%s %s %s\n\n", l.stamp(), inv.RequestID, timeoutReason(inv))
	case ExitError, InvalidEntrypoint:
		return out.ErrorMessage + "\n" + out.ErrorType + "\n"
	}
	return ""
}

// Report is how an attempt went, for the lines after the function's own.
type Report struct {
	RequestID   string
	Duration    time.Duration
	Init        time.Duration // 0 in a warm environment
	MaxMemoryMB int
	Outcome     *invoke.Outcome
}

// End is the END and the REPORT line.
func (l Lines) End(r Report) string {
	status := ""
	if r.Outcome.ErrorType == TimedOut {
		status = "timeout"
	} else if r.Outcome.Failed() {
		status = "error"
	}
	if l.json() {
		return l.reportEvent(r, status)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "END RequestId: %s\n", r.RequestID)
	fmt.Fprintf(&b, "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
		r.RequestID, milliseconds(r.Duration), billed(r.Duration), l.Version.MemorySize, r.MaxMemoryMB)
	if r.Init > 0 {
		fmt.Fprintf(&b, "Init Duration: %.2f ms\t", milliseconds(r.Init))
	}
	// A handler's own error is no error of the attempt to the REPORT line: it names what the service ended.
	if status == "timeout" {
		b.WriteString("Status: timeout\t")
	} else if strings.HasPrefix(r.Outcome.ErrorType, "Runtime.") {
		fmt.Fprintf(&b, "Status: error\tError Type: %s\t", r.Outcome.ErrorType)
	}
	b.WriteByte('\n')
	return b.String()
}

func (l Lines) reportEvent(r Report, status string) string {
	metrics := map[string]any{"durationMs": milliseconds(r.Duration), "billedDurationMs": billed(r.Duration),
		"memorySizeMB": l.Version.MemorySize, "maxMemoryUsedMB": r.MaxMemoryMB}
	if r.Init > 0 {
		metrics["initDurationMs"] = milliseconds(r.Init)
	}
	record := map[string]any{"requestId": r.RequestID, "metrics": metrics, "status": "success"}
	if status != "" {
		record["status"] = status
	}
	if status == "error" {
		record["errorType"] = r.Outcome.ErrorType
	}
	done := map[string]any{"requestId": r.RequestID, "status": record["status"], "metrics": map[string]any{"durationMs": milliseconds(r.Duration)}}
	if status == "error" {
		done["errorType"] = r.Outcome.ErrorType
	}
	of := record["status"].(string)
	return l.event(outcomeLevel(of, "DEBUG"), "runtimeDone", done) + l.event(outcomeLevel(of, "INFO"), "report", record)
}

// milliseconds is d with the two digits that a log shows.
func milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond).Microseconds()) / 1000
}

// billed is d in whole milliseconds, rounded up.
func billed(d time.Duration) int64 {
	return (d.Round(10*time.Microsecond).Microseconds() + 999) / 1000
}
