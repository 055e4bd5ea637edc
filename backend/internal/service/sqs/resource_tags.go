package sqs

import "context"

// Tags are the tags of a queue, by its ARN.
func (s *Store) Tags(ctx context.Context, queueARN string) (map[string]string, error) {
	q, err := s.byARN(ctx, queueARN)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return q.tags, nil // never changed, only replaced
}
