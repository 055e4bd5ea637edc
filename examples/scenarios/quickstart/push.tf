# Push: the bucket keeps the mapping and calls the function, asynchronously.
# What decides is the function's policy: may the service s3, for this bucket of this account, invoke it?

resource "lambdasim_function" "uploads" {
  function_name = "${var.name}-uploads"
  role          = lambdasim_iam_role.execution["uploads"].arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]

  # A folder, which the provider zips. The program in it is built from functions/uploads:
  #   GOOS=linux CGO_ENABLED=0 go build -tags lambda.norpc -o build/uploads/bootstrap ./functions/uploads
  filename = "${path.module}/build/uploads"
}

resource "lambdasim_s3_bucket" "uploads" {
  bucket        = "${var.name}-uploads"
  force_destroy = true
}

resource "lambdasim_permission" "uploads" {
  count = var.revoke_upload_permission ? 0 : 1

  statement_id   = "AllowUploadsBucket"
  action         = "lambda:InvokeFunction"
  function_name  = lambdasim_function.uploads.function_name
  principal      = "s3.amazonaws.com"
  source_arn     = lambdasim_s3_bucket.uploads.arn
  source_account = data.lambdasim_caller_identity.here.account_id
}

resource "lambdasim_s3_bucket_notification" "uploads" {
  bucket = lambdasim_s3_bucket.uploads.id

  lambda_function {
    id                  = "incoming"
    lambda_function_arn = lambdasim_function.uploads.arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "incoming/"
  }

  # S3 asks the function's policy when the notification is configured, so the permission comes first.
  depends_on = [lambdasim_permission.uploads]
}

# A second bucket with a permission of its own.

resource "lambdasim_s3_bucket" "archive" {
  bucket        = "${var.name}-archive"
  force_destroy = true
}

resource "lambdasim_permission" "archive" {
  statement_id   = "AllowArchiveBucket"
  action         = "lambda:InvokeFunction"
  function_name  = lambdasim_function.uploads.function_name
  principal      = "s3.amazonaws.com"
  source_arn     = var.wrong_source_arn ? "arn:aws:s3:::${var.name}-archives" : lambdasim_s3_bucket.archive.arn
  source_account = data.lambdasim_caller_identity.here.account_id
}

resource "lambdasim_s3_bucket_notification" "archive" {
  bucket = lambdasim_s3_bucket.archive.id

  lambda_function {
    id                  = "archived"
    lambda_function_arn = lambdasim_function.uploads.arn
    events              = ["s3:ObjectCreated:*"]
  }

  lifecycle {
    # S3 checks only when the notification is configured. So a new permission configures it anew.
    replace_triggered_by = [lambdasim_permission.archive]
  }

  depends_on = [lambdasim_permission.archive]
}
