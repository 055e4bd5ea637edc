def handler(event, context):
    return {"written": event["report"]}
