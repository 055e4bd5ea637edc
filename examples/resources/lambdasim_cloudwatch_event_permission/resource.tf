resource "lambdasim_cloudwatch_event_permission" "partner" {
  principal    = "111111111111"
  statement_id = "partner"
}
