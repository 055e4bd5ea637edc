resource "lambdasim_function" "orders" {
  function_name = "orders"
  role          = "arn:aws:iam::000000000000:role/orders"
  runtime       = "python3.12"
  handler       = "orders.handler"
  filename      = "orders.py"
}

resource "lambdasim_apigatewayv2_api" "shop" {
  name          = "shop"
  protocol_type = "HTTP"

  cors_configuration {
    allow_origins = ["https://shop.example"]
    allow_methods = ["GET", "POST"]
  }
}

# One API, one function: an integration, a route and a stage come with it.
resource "lambdasim_apigatewayv2_api" "quick" {
  name          = "quick"
  protocol_type = "HTTP"
  target        = lambdasim_function.orders.arn
}
