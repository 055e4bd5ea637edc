resource "lambdasim_cognito_user" "ada" {
  user_pool_id = lambdasim_cognito_user_pool.people.id
  username     = "ada"

  attributes = {
    email = "ada@example.com"
  }

  depends_on = [lambdasim_permission.people]
}
