resource "lambdasim_sns_topic" "news" {
  name = "news"
}

resource "lambdasim_sns_topic_policy" "news" {
  arn = lambdasim_sns_topic.news.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "PartnersMayPublish"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111111111111:root" }
      Action    = "sns:Publish"
      Resource  = lambdasim_sns_topic.news.arn
    }]
  })
}
