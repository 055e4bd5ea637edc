module "orders" {
  source = "../../modules/orders"

  name = "orders"
  tags = {
    Stage = "test"
  }
}

resource "aws_s3_object" "first" {
  bucket       = module.orders.bucket
  key          = "incoming/first.csv"
  content      = "id,amount\n1,12.50\n"
  content_type = "text/csv"

  depends_on = [module.orders]
}

resource "aws_dynamodb_table_item" "first" {
  table_name = module.orders.table
  hash_key   = "id"

  item = jsonencode({
    id     = { S = "1" }
    amount = { N = "12.50" }
  })

  depends_on = [module.orders]
}

data "aws_caller_identity" "audit" {
  provider = aws.audit
}
