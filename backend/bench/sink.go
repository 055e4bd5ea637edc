package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// sink receives what the functions say that they were given: one line for each invocation, a shard and then items.
type sink struct {
	listener net.Listener
	batches  chan batch
	conns    sync.WaitGroup
	mu       sync.Mutex
	open     []net.Conn
}

// batch is what one invocation was given, and when it said so.
type batch struct {
	at    time.Time
	shard string
	items []string
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: l, batches: make(chan batch, 100000)}
	s.conns.Go(s.accept)
	return s, nil
}

func (s *sink) address() string { return s.listener.Addr().String() }

func (s *sink) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open = append(s.open, conn)
		s.mu.Unlock()
		s.conns.Go(func() {
			lines := bufio.NewScanner(conn)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				at := time.Now()
				words := strings.Fields(lines.Text())
				s.batches <- batch{at, words[0], words[1:]}
			}
		})
	}
}

func (s *sink) close() {
	_ = s.listener.Close()
	s.mu.Lock()
	for _, c := range s.open {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.conns.Wait()
}

// next is the next batch.
func (s *sink) next(ctx context.Context) (batch, error) {
	const longest = time.Minute
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	select {
	case b := <-s.batches:
		return b, nil
	case <-ctx.Done():
		return batch{}, fmt.Errorf("no function has reported for %s: %w", longest, ctx.Err())
	}
}
