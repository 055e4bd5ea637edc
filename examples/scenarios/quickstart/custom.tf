# Custom applications: programs that call Invoke themselves, signed as somebody.

resource "lambdasim_function" "quote" {
  function_name = "${var.name}-quote"
  role          = lambdasim_iam_role.execution["quote"].arn
  runtime       = "nodejs22.x"
  handler       = "index.handler"
  filename      = "${path.module}/functions/quote" # a folder, which the provider zips
}

data "lambdasim_iam_policy_document" "ask_for_quotes" {
  statement {
    actions   = ["lambda:InvokeFunction"]
    resources = [lambdasim_function.quote.arn]
  }
}

# In the function's own account the caller's policy is enough. Nothing is granted on the function.

data "lambdasim_iam_policy_document" "own_account_assumes" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.lambdasim_caller_identity.here.account_id}:root"]
    }
  }
}

resource "lambdasim_iam_role" "storefront" {
  name               = "${var.name}-storefront"
  assume_role_policy = data.lambdasim_iam_policy_document.own_account_assumes.json
}

resource "lambdasim_iam_role_policy" "storefront" {
  name   = "ask-for-quotes"
  role   = lambdasim_iam_role.storefront.name
  policy = data.lambdasim_iam_policy_document.ask_for_quotes.json
}

# From another account both sides must allow: the function's policy names the account, and the account's own policy
# allows the caller. The partner's role has its half; the bystander's role in the same account has not.

resource "lambdasim_permission" "partner" {
  count = var.partner_admitted ? 1 : 0

  statement_id  = "AllowPartner"
  action        = "lambda:InvokeFunction"
  function_name = lambdasim_function.quote.function_name
  principal     = var.partner_account
}

data "lambdasim_iam_policy_document" "partner_account_assumes" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.partner_account}:root"]
    }
  }
}

resource "lambdasim_iam_role" "partner" {
  provider = lambdasim.partner

  name               = "${var.name}-partner"
  assume_role_policy = data.lambdasim_iam_policy_document.partner_account_assumes.json
}

resource "lambdasim_iam_role_policy" "partner" {
  provider = lambdasim.partner

  name   = "ask-for-quotes"
  role   = lambdasim_iam_role.partner.name
  policy = data.lambdasim_iam_policy_document.ask_for_quotes.json
}

resource "lambdasim_iam_role" "bystander" {
  provider = lambdasim.partner

  name               = "${var.name}-bystander"
  assume_role_policy = data.lambdasim_iam_policy_document.partner_account_assumes.json
}
