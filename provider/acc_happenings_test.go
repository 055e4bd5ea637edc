package provider_test

import "testing"

// TestAccMessagesAndEvents publishes to a topic and to a bus, each once for a configuration, and sees what a queue behind them got.
func TestAccMessagesAndEvents(t *testing.T) {
	const m, e = "lambdasim_sns_message.m", "lambdasim_cloudwatch_event.e"
	world := `
resource "lambdasim_sns_topic" "t" { name = "acc-happenings" }
resource "lambdasim_sns_topic" "f" {
  name       = "acc-happenings.fifo"
  fifo_topic = true
}
`
	message := func(arguments ...string) string { return world + of("sns_message", "m", arguments...) }
	event := func(arguments ...string) string { return of("cloudwatch_event", "e", arguments...) }
	topic := "topic_arn = lambdasim_sns_topic.t.arn"
	steps(t,
		fails(message(topic, `message = ""`), `(?s)Publishing a message to the topic.*Empty message`),
		acts(m, create, message(topic, `message = "one"`, `subject = "s"`, `message_attributes = { a = "b" }`), at(m, "sequence_number", text(""))),
		acts(m, nothing, message(topic, `message = "one"`, `subject = "s"`, `message_attributes = { a = "b" }`)),
		acts(m, replace, message(topic, `message = "two"`)),
		acts(m, replace, message("topic_arn = lambdasim_sns_topic.f.arn", `message = "three"`, `message_group_id = "g"`, `message_deduplication_id = "d"`), at(m, "sequence_number", text("10000000000000000001"))),
		fails(event(`source = "aws.s3"`, `detail_type = "x"`, `detail = "{}"`), `(?s)Putting an event on the bus.*NotAuthorizedForSource`),
		fails(event(`source = "shop"`, `detail_type = "x"`, `detail = "no"`), `MalformedDetail`),
		acts(e, create, event(`source = "shop"`, `detail_type = "Order"`, `detail = jsonencode({ id = 1 })`, `resources = ["arn:aws:s3:::b"]`)),
		acts(e, replace, event(`source = "shop"`, `detail_type = "Order"`, `detail = jsonencode({ id = 2 })`)),
		acts(e, nothing, event(`source = "shop"`, `detail_type = "Order"`, `detail = jsonencode({ id = 2 })`)),
	)
}
