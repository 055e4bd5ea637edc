# One of the policies that AWS itself manages; an account's own is attached the same way.
resource "lambdasim_iam_role_policy_attachment" "logs" {
  role       = "orders"
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
}
