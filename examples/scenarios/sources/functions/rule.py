def handler(event, context):
    print("asked about the rule", event["configRuleName"])
