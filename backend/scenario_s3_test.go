package backend_test

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func init() {
	// configure BUCKET JSON: the whole notification configuration, with the members of the API
	verbs["configure"] = func(ctx context.Context, s *story, rest string) error { return s.configure(ctx, rest, false) }
	// configure_unchecked BUCKET JSON: the same, without the validation of destinations
	verbs["configure_unchecked"] = func(ctx context.Context, s *story, rest string) error { return s.configure(ctx, rest, true) }
	// versioning BUCKET STATUS
	verbs["versioning"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.s3.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: &w[0], VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatus(w[1])}})
		return err
	}
	// remove_version BUCKET KEY N: the N-th newest version
	verbs["remove_version"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		n, err := strconv.Atoi(w[2])
		if err != nil {
			return err
		}
		list, err := s.s3.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &w[0], Prefix: &w[1]})
		if err != nil {
			return err
		}
		var all []*string // the newest first; a marker is where its versions are not
		for _, v := range list.Versions {
			all = append(all, v.VersionId)
		}
		for _, m := range list.DeleteMarkers {
			if *m.IsLatest {
				all = append([]*string{m.VersionId}, all...)
			}
		}
		_, err = s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &w[0], Key: &w[1], VersionId: all[n-1]})
		return err
	}
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
