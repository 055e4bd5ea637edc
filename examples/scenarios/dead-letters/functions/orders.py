def handler(event, context):
    raise ConnectionError("the warehouse does not answer")
