variable "name" {
  description = "Beginning of every name."
  type        = string
  default     = "cross-account"
}

variable "reader_account" {
  description = "The account of the function."
  type        = string
  default     = "222222222222"
}

variable "permit" {
  description = "Whether the function's policy lets the topic in."
  type        = bool
  default     = true
}
