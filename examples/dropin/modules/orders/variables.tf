variable "name" {
  description = "Name of the function, and the beginning of all other names."
  type        = string
}

variable "batch_size" {
  type    = number
  default = 10
}

variable "tags" {
  type    = map(string)
  default = {}
}
