resource "lambdasim_kinesis_stream" "orders" {
  name        = "orders"
  shard_count = 1
}

resource "lambdasim_kinesis_record" "first" {
  stream_name   = lambdasim_kinesis_stream.orders.name
  partition_key = "customer-7"
  data          = jsonencode({ order = 1 })
}
