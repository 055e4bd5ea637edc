variable "name" {
  description = "Beginning of every name."
  type        = string
  default     = "cron"
}

variable "permit" {
  description = "Whether the function's policy lets the rule in."
  type        = bool
  default     = true
}
