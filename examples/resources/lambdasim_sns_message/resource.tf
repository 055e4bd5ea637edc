resource "lambdasim_sns_topic" "news" {
  name = "news"
}

resource "lambdasim_sns_message" "first" {
  topic_arn          = lambdasim_sns_topic.news.arn
  message            = jsonencode({ headline = "It works" })
  message_attributes = { importance = "high" }
}
