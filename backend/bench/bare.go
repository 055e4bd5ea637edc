package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// repeaters send an event again and again, each over a connection of its own. The request is signed once, by the SDK's signer, and
// sent as the same bytes each time: a signature holds for five minutes. The server verifies it each time.
type repeaters struct {
	request []byte
	idle    chan *repeater
}

type repeater struct {
	conn net.Conn
	in   *bufio.Reader
}

func newRepeaters(ctx context.Context, url, function string, n int) (*repeaters, error) {
	payload := []byte(`{"n":1}`)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/2015-03-31/functions/"+function+"/invocations", bytes.NewReader(payload))
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-Amz-Invocation-Type", "Event")
	hash := sha256.Sum256(payload)
	err = v4.NewSigner().SignHTTP(ctx, aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, r, hex.EncodeToString(hash[:]), "lambda", region, time.Now())
	if err != nil {
		return nil, err
	}
	var request bytes.Buffer
	if err := r.Write(&request); err != nil {
		return nil, err
	}
	s := &repeaters{request: request.Bytes(), idle: make(chan *repeater, n)}
	for range n {
		conn, err := net.Dial("tcp", r.URL.Host)
		if err != nil {
			s.close()
			return nil, err
		}
		s.idle <- &repeater{conn, bufio.NewReader(conn)}
	}
	return s, nil
}

// send sends the event over an idle connection, and waits for the answer.
func (s *repeaters) send() error {
	c := <-s.idle
	defer func() { s.idle <- c }()
	if _, err := c.conn.Write(s.request); err != nil {
		return err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("it answered %s %s", answer.Status, body)
	}
	return err
}

func (s *repeaters) close() {
	for len(s.idle) > 0 {
		_ = (<-s.idle).conn.Close()
	}
}
