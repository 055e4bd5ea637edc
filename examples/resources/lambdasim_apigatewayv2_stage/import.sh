terraform import lambdasim_apigatewayv2_stage.live 'k7582y3njv/$default'
