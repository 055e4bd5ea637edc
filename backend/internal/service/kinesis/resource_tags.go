package kinesis

import "context"

// Tags are the tags of a stream, by its ARN.
func (s *Store) Tags(ctx context.Context, streamARN string) (map[string]string, error) {
	st, err := s.byARN(ctx, streamARN)
	if err != nil {
		return nil, err
	}
	return st.tags, nil
}
