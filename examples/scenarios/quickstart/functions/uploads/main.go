// Command uploads is the function behind the bucket: for each object that arrives it logs the key and the size, and
// returns how many it has seen. Built as "bootstrap" it runs on provided.al2023.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// arrivals is what the function returns; nobody waits for it, since S3 invokes asynchronously.
type arrivals struct {
	Keys  []string `json:"keys"`
	Bytes int64    `json:"bytes"`
}

func main() {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	lambda.Start(handle)
}

func handle(ctx context.Context, event events.S3Event) (arrivals, error) {
	var c arrivals
	for _, record := range event.Records {
		key, err := url.QueryUnescape(record.S3.Object.Key) // S3 sends keys form-encoded
		if err != nil {
			return c, fmt.Errorf("decode the key %q: %w", record.S3.Object.Key, err)
		}
		slog.InfoContext(ctx, "arrived", "event", record.EventName, "bucket", record.S3.Bucket.Name, "key", key,
			"bytes", record.S3.Object.Size)
		c.Keys = append(c.Keys, key)
		c.Bytes += record.S3.Object.Size
	}
	return c, nil
}
