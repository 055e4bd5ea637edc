import json


def handler(event, context):
    """Says what it was given: records of a bucket, or of a stream."""
    records = event.get("Records", [])
    print(json.dumps({"records": len(records), "source": records[0]["eventSource"] if records else None}))
    return {"records": len(records)}
