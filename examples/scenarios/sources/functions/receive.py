import json


def handler(event, context):
    """Writes what it received to its log, and fails on what says so."""
    for record in event["Records"]:
        body = record.get("body") or json.dumps(record.get("dynamodb"))
        print("received:", body)
        if "poison" in body:
            raise ValueError("poison")
