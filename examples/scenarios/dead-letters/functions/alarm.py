def handler(event, context):
    for record in event["Records"]:
        print("nobody could do this:", record["body"], "after", record["attributes"]["ApproximateReceiveCount"], "receipts")
