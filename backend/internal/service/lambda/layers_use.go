package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/layer"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// maxLayers is how many layers a function may have (Lambda quota).
const maxLayers = 5

// layerListForm holds the list of a function's layers to the constraint of the API's model.
func layerListForm(list []string) []wire.Violation {
	if !slices.ContainsFunc(list, func(one string) bool { return len(layerVersionForm.check("", &one)) > 0 }) {
		return nil
	}
	return []wire.Violation{{Value: "[" + strings.Join(list, ", ") + "]", Path: "layers",
		Constraint: "Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1, " +
			"Member must satisfy regular expression pattern: " + layerVersionForm.pattern + ", Member must not be null]"}}
}

// layersOf finds the layers that a function is to have, which the caller must be allowed to get. They are in the region of the
// function, no two of them versions of one layer.
func (a *API) layersOf(ctx context.Context, list []string) ([]function.Layer, error) {
	if err := wire.Validation(layerListForm(list)...); err != nil {
		return nil, err
	}
	if len(list) > maxLayers {
		return nil, invalid("Cannot reference more than %d layers.", maxLayers)
	}
	var found []function.Layer
	seen := map[layer.Key]string{}
	for _, versionARN := range list {
		k, number, ok := layer.ParseVersion(versionARN)
		if !ok {
			return nil, invalid("lambdasim does not have AWS's own layers: %s", versionARN)
		}
		l, err := a.layerOf(ctx, k, number)
		if err != nil {
			return nil, err
		}
		if other, again := seen[k]; again {
			return nil, invalid("Two different versions of the same layer are not allowed to be referenced in the same function. %s and %s are versions of the same layer.", other, versionARN)
		}
		seen[k] = versionARN
		found = append(found, *l)
	}
	return found, nil
}

func (a *API) layerOf(ctx context.Context, k layer.Key, number int64) (*function.Layer, error) {
	if here := wire.CallFrom(ctx).Region; k.Region != here {
		return nil, invalid("Layers are not in the same region as the function. Layers are expected to be in region %s.", here)
	}
	if err := a.mayGetLayer(ctx, k, number); err != nil {
		return nil, err
	}
	v, err := a.Layers.Get(ctx, k, number)
	if fault.Is(err, fault.NotFound) {
		return nil, invalid("%v", err)
	}
	if err != nil {
		return nil, err
	}
	return &function.Layer{ARN: v.ARN(), SHA256: v.SHA256, Size: v.Size, Unzipped: v.Unzipped}, nil
}

// checkUnzipped holds a function's code together with its layers to what Lambda allows. code reads the zip file; it is asked
// only where there are layers.
func checkUnzipped(layers []function.Layer, code func() ([]byte, error)) error {
	if len(layers) == 0 {
		return nil
	}
	zipped, err := code()
	if err != nil {
		return err
	}
	total, err := unzippedSize(zipped)
	if err != nil {
		return err
	}
	for _, l := range layers {
		total += l.Unzipped
	}
	if total > maxUnzipped {
		return invalid("Function code combined with layers exceeds the maximum allowed size of %d bytes. The actual size is %d bytes.", maxUnzipped, total)
	}
	return nil
}

// unzippedSize is how many bytes are in a zip file.
func unzippedSize(zipped []byte) (total int64, err error) {
	r, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	if err != nil {
		return 0, invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	}
	for _, f := range r.File {
		total += int64(f.UncompressedSize64)
	}
	return total, nil
}
