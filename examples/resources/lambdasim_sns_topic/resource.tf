resource "lambdasim_sns_topic" "news" {
  name         = "news"
  display_name = "News"
}
