terraform import lambdasim_cognito_user.ada us-east-1_aBcDeFgHi/ada
