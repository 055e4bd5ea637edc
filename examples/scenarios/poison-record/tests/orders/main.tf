# Five orders of one customer, so of one shard; the third is wrong. Then the time passes that the retries take.

terraform {
  required_providers {
    lambdasim = { source = "lambdasim/lambdasim" }
  }
}

variable "stream" {
  type = string
}

variable "queue" {
  type = string
}

locals {
  pieces = [1, 2, -1, 3, 4]
}

resource "lambdasim_kinesis_record" "one" {
  stream_name   = var.stream
  partition_key = "customer-7"
  data          = jsonencode({ id = 1, pieces = local.pieces[0] })
}

resource "lambdasim_kinesis_record" "two" {
  stream_name   = var.stream
  partition_key = "customer-7"
  data          = jsonencode({ id = 2, pieces = local.pieces[1] })
  depends_on    = [lambdasim_kinesis_record.one]
}

resource "lambdasim_kinesis_record" "three" {
  stream_name   = var.stream
  partition_key = "customer-7"
  data          = jsonencode({ id = 3, pieces = local.pieces[2] })
  depends_on    = [lambdasim_kinesis_record.two]
}

resource "lambdasim_kinesis_record" "four" {
  stream_name   = var.stream
  partition_key = "customer-7"
  data          = jsonencode({ id = 4, pieces = local.pieces[3] })
  depends_on    = [lambdasim_kinesis_record.three]
}

resource "lambdasim_kinesis_record" "five" {
  stream_name   = var.stream
  partition_key = "customer-7"
  data          = jsonencode({ id = 5, pieces = local.pieces[4] })
  depends_on    = [lambdasim_kinesis_record.four]
}

resource "lambdasim_time_advance" "retries" {
  by         = "10m"
  depends_on = [lambdasim_kinesis_record.five]
}

data "lambdasim_deliveries" "orders" {
  source     = "kinesis"
  depends_on = [lambdasim_time_advance.retries]
}

output "outcomes" {
  value = data.lambdasim_deliveries.orders.deliveries[*].outcome
}

output "text" {
  value = data.lambdasim_deliveries.orders.text
}
