resource "lambdasim_kinesis_stream" "orders" {
  name             = "orders"
  shard_count      = 2
  retention_period = 48
}
