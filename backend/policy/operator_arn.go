package policy

// The Arn family: ArnEquals and ArnLike are the same. A value that is no ARN matches neither form.
func init() {
	o := operator{variables: true, wildcards: arnEquals, compare: func(want, have string) outcome {
		if !isARN(have) {
			return never
		}
		return when(glob(want, have))
	}}
	add("ArnEquals", "ArnNotEquals", o)
	add("ArnLike", "ArnNotLike", o)
}
