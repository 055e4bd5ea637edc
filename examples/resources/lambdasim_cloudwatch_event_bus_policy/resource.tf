resource "lambdasim_cloudwatch_event_bus" "shared" {
  name = "shared"
}

resource "lambdasim_cloudwatch_event_bus_policy" "shared" {
  event_bus_name = lambdasim_cloudwatch_event_bus.shared.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "partner"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111111111111:root" }
      Action    = "events:PutEvents"
      Resource  = lambdasim_cloudwatch_event_bus.shared.arn
    }]
  })
}
