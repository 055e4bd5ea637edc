resource "lambdasim_cognito_user_pool" "people" {
  name = "people"
}

resource "lambdasim_cognito_user" "ada" {
  user_pool_id = lambdasim_cognito_user_pool.people.id
  username     = "ada"

  attributes = {
    email = "ada@example.com"
  }

  # Where the pool has a pre_sign_up trigger: depends_on the lambdasim_permission that lets the pool call it.
}
