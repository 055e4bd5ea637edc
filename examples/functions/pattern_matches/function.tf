# true: the object lies under the prefix.
output "matches" {
  value = provider::lambdasim::pattern_matches(
    jsonencode({ source = ["aws.s3"], detail = { object = { key = [{ prefix = "in/" }] } } }),
    jsonencode({ source = "aws.s3", detail = { object = { key = "in/report.csv" } } })
  )
}

# The filter of an event source mapping sees the record, with its data decoded.
output "filtered" {
  value = provider::lambdasim::pattern_matches(
    jsonencode({ data = { amount = [{ numeric = [">", 100] }] } }),
    jsonencode({ partitionKey = "a", data = { amount = 120 } }),
    "event_source_mapping"
  )
}
