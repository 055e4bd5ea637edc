# true: the order of the actions makes no difference.
output "same" {
  value = provider::lambdasim::policy_equivalent(
    jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "*" }] }),
    jsonencode({ Version = "2012-10-17", Statement = { Effect = "Allow", Action = ["s3:PutObject", "s3:GetObject"], Resource = ["*"] } })
  )
}
