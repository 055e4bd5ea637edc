# Puts an object and reads what became of it. A run's own module knows no provider block of the root module: the endpoint
# comes from LAMBDASIM_ENDPOINT.

terraform {
  required_providers {
    lambdasim = {
      source = "lambdasim/lambdasim"
    }
  }
}

variable "bucket" {
  type = string
}

variable "key" {
  type = string
}

variable "function" {
  type = string
}

resource "lambdasim_s3_object" "it" {
  bucket  = var.bucket
  key     = var.key
  content = "what it holds"
}

# Waits until nothing is due and nothing is in flight.
data "lambdasim_deliveries" "after" {
  function = var.function

  depends_on = [lambdasim_s3_object.it]
}

output "outcomes" {
  value = data.lambdasim_deliveries.after.deliveries[*].outcome
}

output "trace" {
  value = data.lambdasim_deliveries.after.text
}
