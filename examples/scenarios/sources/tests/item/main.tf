terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

variable "table" {
  type = string
}

variable "count_left" {
  type = number
}

resource "lambdasim_dynamodb_table_item" "i" {
  table_name = var.table
  hash_key   = "id"

  item = jsonencode({
    id   = { S = "tea" }
    left = { N = tostring(var.count_left) }
  })
}
