package function

// Config is what CreateFunction and UpdateFunctionConfiguration set. Fields are named as in the Lambda API.
type Config struct {
	Runtime          string
	Role             string // ARN of the execution role
	Handler          string
	Description      string
	Timeout          int // seconds, 1 to 900
	MemorySize       int // MB, 128 to 10240
	EphemeralStorage int // MB, 512 to 10240
	Environment      map[string]string
	Architectures    []string // x86_64 or arm64, one
	TracingMode      string   // PassThrough or Active
	LogFormat        string   // Text or JSON
	LogGroup         string
	ApplicationLevel string // of JSON logs; "" for text
	SystemLevel      string
	DeadLetter       string // ARN of the dead-letter queue: an SQS queue or an SNS topic; "" for none

	Layers      []Layer      `json:",omitempty"` // under /opt, in this order; the later ones over the earlier
	KMSKey      string       `json:",omitempty"` // ARN of the key that environment variables are said to be encrypted with; kept, not used
	SourceKey   string       `json:",omitempty"` // ARN of the key that the deployment package is said to be encrypted with; kept, not used
	VPC         *VPC         `json:",omitempty"` // kept: the function runs in this machine's network all the same
	FileSystems []FileSystem `json:",omitempty"` // kept, not mounted
	SnapStart   string       `json:",omitempty"` // PublishedVersions, or "" for none; kept, nothing is snapshotted
	Image       *Image       `json:",omitempty"` // of a function whose package is a container image; nil for a zip file
}

// Layer is a version of a layer as a function has it. It stays with the function when it is deleted.
type Layer struct {
	ARN      string
	SHA256   string // base64, of the zip file
	Size     int64  // bytes of the zip file
	Unzipped int64  // bytes of what is in it
}

// VPC is the network that a function is to reach.
type VPC struct {
	Subnets        []string
	SecurityGroups []string
	IPv6           bool // in dual-stack subnets
}

// FileSystem is an EFS access point and where the function is to find it.
type FileSystem struct{ ARN, Path string }

// Image is a container image, with what overrides its own settings.
type Image struct {
	URI              string
	EntryPoint       []string `json:",omitempty"`
	Command          []string `json:",omitempty"`
	WorkingDirectory string   `json:",omitempty"`
}
