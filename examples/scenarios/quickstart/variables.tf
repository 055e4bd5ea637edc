variable "name" {
  description = "Prefix of every name."
  type        = string
  default     = "quickstart"
}

variable "architecture" {
  description = "What the Go function is built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"
}

variable "partner_account" {
  description = "The other account, whose application asks for quotes."
  type        = string
  default     = "222222222222"
}

# The switches below break one thing each. Apply with one, send an event, and read in the trace what was refused and why.

variable "partner_admitted" {
  description = "Whether the quote function's policy names the partner's account."
  type        = bool
  default     = true
}

variable "wrong_source_arn" {
  description = "Gives the archive bucket's permission a source ARN with a slip of the pen. S3 then refuses the notification."
  type        = bool
  default     = false
}

variable "revoke_upload_permission" {
  description = "Takes the uploads bucket's permission away while its notification stays."
  type        = bool
  default     = false
}

variable "revoke_stream_read" {
  description = "Takes the right to read the stream from the orders function's execution role."
  type        = bool
  default     = false
}
