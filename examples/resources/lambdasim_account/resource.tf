# A member account in which nobody may make functions outside of one region, and whose queues are for the organization alone.
resource "lambdasim_account" "workloads" {
  account_id        = "111111111111"
  organization_id   = "o-a1b2c3d4e5"
  organization_path = "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"

  service_control_policies = [
    [jsonencode({ # the organization's root
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }]
    })],
    [jsonencode({ # the account
      Version = "2012-10-17"
      Statement = [
        { Effect = "Allow", Action = "*", Resource = "*" },
        {
          Sid       = "OneRegion"
          Effect    = "Deny"
          Action    = "lambda:CreateFunction"
          Resource  = "*"
          Condition = { StringNotEquals = { "aws:RequestedRegion" = "us-east-1" } }
        },
      ]
    })],
  ]

  resource_control_policies = [jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = "*"
      Condition = {
        StringNotEqualsIfExists = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" }
        BoolIfExists            = { "aws:PrincipalIsAWSService" = "false" }
      }
    }]
  })]
}
