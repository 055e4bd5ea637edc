data "lambdasim_sns_topic" "news" {
  name = "news"
}
