resource "lambdasim_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}

resource "lambdasim_dynamodb_table_item" "first" {
  table_name = lambdasim_dynamodb_table.orders.name
  hash_key   = lambdasim_dynamodb_table.orders.hash_key

  item = jsonencode({
    id    = { S = "one" }
    total = { N = "12.50" }
  })
}
