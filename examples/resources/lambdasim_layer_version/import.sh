terraform import lambdasim_layer_version.pricing 'arn:aws:lambda:us-east-1:000000000000:layer:pricing:1'
