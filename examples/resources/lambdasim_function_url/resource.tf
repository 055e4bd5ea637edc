# Anybody may call it, also from pages of one origin.
resource "lambdasim_function_url" "orders" {
  function_name      = "orders"
  authorization_type = "NONE"

  cors {
    allow_origins = ["https://shop.example.com"]
    allow_methods = ["GET", "POST"]
    max_age       = 600
  }
}

output "address" {
  value = lambdasim_function_url.orders.function_url
}
