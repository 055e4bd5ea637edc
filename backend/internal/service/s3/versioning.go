package s3

import (
	"context"
	"encoding/xml"
	"net/http"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

type versioningConfiguration struct {
	XMLName   xml.Name `xml:"VersioningConfiguration"`
	Status    string   `xml:",omitempty"`
	MfaDelete string   `xml:",omitempty"`
}

// putVersioning enables or suspends a bucket's versioning. Once enabled it is never off again, only suspended.
func (a *API) putVersioning(ctx context.Context, q *request) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	var in versioningConfiguration
	if xml.Unmarshal(body, &in) != nil {
		return malformedXML()
	}
	switch {
	case in.MfaDelete == enabled:
		return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate MfaDelete of PutBucketVersioning yet")
	case in.Status == "":
		return wire.Errorf(http.StatusBadRequest, "IllegalVersioningConfigurationException", "The Versioning element must be specified")
	case in.Status != enabled && in.Status != suspended:
		return malformedXML()
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockBucket(ctx, tx, q.bucket, "UPDATE"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE s3.buckets SET versioning = $2 WHERE name = $1`, q.bucket, in.Status)
		return err
	})
}

func (a *API) getVersioning(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	return wire.WriteXML(q, http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
		Status  string   `xml:",omitempty"`
	}{Status: b.versioning})
}
