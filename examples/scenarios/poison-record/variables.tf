variable "name" {
  description = "Beginning of every name."
  type        = string
  default     = "poison-record"
}
