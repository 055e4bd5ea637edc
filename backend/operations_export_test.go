package backend

import (
	"maps"
	"slices"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/apigateway"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/cognito"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/s3"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/sns"
)

// Operations lists the operations that are served, by service.
func Operations() map[string][]string {
	all := map[string][]string{}
	for _, s := range (&Backend{}).services(&parts{s3: &s3.API{}, cognito: &cognito.API{}, sns: &sns.API{}, gateway: &apigateway.API{}}) {
		name := s.API.Name
		if s.API.Under != "" { // the second version of one
			name += "v2"
		}
		all[name] = append(all[name], slices.Concat(slices.Collect(maps.Keys(s.Operations)), s.Handles)...)
	}
	for name := range all {
		slices.Sort(all[name])
	}
	return all
}
