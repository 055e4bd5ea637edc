# Every bucket of the account may invoke the function, but one.
resource "lambdasim_resource_policy" "orders" {
  resource_arn = "arn:aws:lambda:us-east-1:000000000000:function:orders"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "buckets"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "lambda:InvokeFunction"
        Resource  = "arn:aws:lambda:us-east-1:000000000000:function:orders"
        Condition = { StringEquals = { "aws:SourceAccount" = "000000000000" } }
      },
      {
        Sid       = "notThisOne"
        Effect    = "Deny"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "lambda:InvokeFunction"
        Resource  = "arn:aws:lambda:us-east-1:000000000000:function:orders"
        Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:s3:::scratch" } }
      },
    ]
  })
}
