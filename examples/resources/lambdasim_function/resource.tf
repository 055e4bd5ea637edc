data "lambdasim_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "lambdasim_iam_role" "orders" {
  name               = "orders"
  assume_role_policy = data.lambdasim_iam_policy_document.trust.json
}

# A source file, a folder or a zip file: the provider zips what is not zipped, and notices changed code without a hash.
resource "lambdasim_function" "orders" {
  function_name = "orders"
  role          = lambdasim_iam_role.orders.arn
  runtime       = "python3.12"
  handler       = "orders.handler"
  filename      = "${path.module}/functions/orders.py"
  timeout       = 10

  environment {
    variables = {
      TABLE = "orders"
    }
  }
}
