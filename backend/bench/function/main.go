// Command function is the Lambda function that the benchmarks run: it answers an event with the event, and says of records
// which ones it was given, in which order, to whoever listens at SINK (host:port). With
// GATE (host:port) it waits at its first event until that closes the connection, or is not there any more.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"
)

type records struct {
	Records []struct {
		EventID string `json:"eventID"`
		Body    string `json:"body"`
		Kinesis struct {
			Data []byte `json:"data"`
		} `json:"kinesis"`
		S3 struct {
			Object struct {
				Key string `json:"key"`
			} `json:"object"`
		} `json:"s3"`
	}
}

func main() {
	var sink net.Conn
	if address := os.Getenv("SINK"); address != "" {
		var err error
		if sink, err = net.Dial("tcp", address); err != nil {
			panic(err)
		}
	}
	lambda.Start(func(_ context.Context, event json.RawMessage) (json.RawMessage, error) {
		gate()
		if sink == nil {
			return event, nil
		}
		var in records
		if err := json.Unmarshal(event, &in); err != nil || len(in.Records) == 0 {
			return event, err
		}
		_, err := fmt.Fprintln(sink, line(in))
		return nil, err
	})
}

// gate waits once until GATE lets it pass.
var gate = sync.OnceFunc(func() {
	address := os.Getenv("GATE")
	if address == "" {
		return
	}
	if c, err := net.Dial("tcp", address); err == nil {
		_, _ = c.Read(make([]byte, 1)) // ends with the connection
		_ = c.Close()
	}
})

// line is where the records are from (a shard, or "-") and the first word of each.
func line(in records) string {
	shard, _, ok := strings.Cut(in.Records[0].EventID, ":")
	if !ok {
		shard = "-"
	}
	var b strings.Builder
	b.WriteString(shard)
	for _, r := range in.Records {
		text := r.Body + r.S3.Object.Key + string(r.Kinesis.Data)
		word, _, _ := strings.Cut(text, " ")
		b.WriteByte(' ')
		b.WriteString(word)
	}
	return b.String()
}
