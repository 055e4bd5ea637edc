package provider

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// corsData is the cors block of a function URL.
type corsData struct {
	AllowCredentials types.Bool  `tfsdk:"allow_credentials"`
	AllowHeaders     types.Set   `tfsdk:"allow_headers"`
	AllowMethods     types.Set   `tfsdk:"allow_methods"`
	AllowOrigins     types.Set   `tfsdk:"allow_origins"`
	ExposeHeaders    types.Set   `tfsdk:"expose_headers"`
	MaxAge           types.Int64 `tfsdk:"max_age"`
}

// corsOf is what a request says of CORS; nil where the block is not there.
func corsOf(blocks []corsData) *awstypes.Cors {
	if len(blocks) == 0 {
		return nil
	}
	c := blocks[0]
	return &awstypes.Cors{AllowCredentials: c.AllowCredentials.ValueBoolPointer(), AllowHeaders: texts2strings(c.AllowHeaders), AllowMethods: texts2strings(c.AllowMethods),
		AllowOrigins: texts2strings(c.AllowOrigins), ExposeHeaders: texts2strings(c.ExposeHeaders), MaxAge: int32Of(c.MaxAge)}
}

// readCORS takes what the API says. What says nothing (false, 0, no names, no block) stays as it was written.
func readCORS(c *awstypes.Cors, was []corsData) []corsData {
	none := types.SetNull(types.StringType)
	d := corsData{AllowHeaders: none, AllowMethods: none, AllowOrigins: none, ExposeHeaders: none}
	if len(was) > 0 {
		d = was[0]
	}
	if c == nil {
		c = &awstypes.Cors{}
	}
	if blank := !aws.ToBool(c.AllowCredentials) && len(c.AllowHeaders)+len(c.AllowMethods)+len(c.AllowOrigins)+len(c.ExposeHeaders) == 0 && aws.ToInt32(c.MaxAge) == 0; blank && len(was) == 0 {
		return nil
	}
	if n := int64(aws.ToInt32(c.MaxAge)); n != d.MaxAge.ValueInt64() {
		d.MaxAge = types.Int64Value(n)
	}
	if yes := aws.ToBool(c.AllowCredentials); yes != d.AllowCredentials.ValueBool() {
		d.AllowCredentials = types.BoolValue(yes)
	}
	d.AllowHeaders, d.AllowMethods = readNames(c.AllowHeaders, d.AllowHeaders), readNames(c.AllowMethods, d.AllowMethods)
	d.AllowOrigins, d.ExposeHeaders = readNames(c.AllowOrigins, d.AllowOrigins), readNames(c.ExposeHeaders, d.ExposeHeaders)
	return []corsData{d}
}

func readNames(list []string, was types.Set) types.Set {
	if len(list) == 0 && len(was.Elements()) == 0 {
		return was
	}
	return types.SetValueMust(types.StringType, texts2values(list))
}
