package backend_test

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func init() {
	// configure BUCKET JSON: the whole notification configuration, with the members of the API
	verbs["configure"] = func(ctx context.Context, s *story, rest string) error { return s.configure(ctx, rest, false) }
	// configure_unchecked BUCKET JSON: the same, without the validation of destinations
	verbs["configure_unchecked"] = func(ctx context.Context, s *story, rest string) error { return s.configure(ctx, rest, true) }
	// copy BUCKET FROM TO: within the bucket
	verbs["copy"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		_, err := s.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &w[0], Key: &w[2], CopySource: aws.String(w[0] + "/" + w[1])})
		return err
	}
	// tag BUCKET KEY NAME VALUE
	verbs["tag"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		_, err := s.s3.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: &w[0], Key: &w[1], Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: &w[2], Value: &w[3]}}}})
		return err
	}
	// untag BUCKET KEY
	verbs["untag"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.s3.DeleteObjectTagging(ctx, &s3.DeleteObjectTaggingInput{Bucket: &w[0], Key: &w[1]})
		return err
	}
}

func (s *story) configure(ctx context.Context, rest string, unchecked bool) error {
	w := words(rest, 2)
	in := &s3.PutBucketNotificationConfigurationInput{Bucket: &w[0], NotificationConfiguration: &s3types.NotificationConfiguration{}}
	if err := json.Unmarshal([]byte(w[1]), in.NotificationConfiguration); err != nil {
		return err
	}
	if unchecked {
		in.SkipDestinationValidation = &unchecked
	}
	_, err := s.s3.PutBucketNotificationConfiguration(ctx, in)
	return err
}
