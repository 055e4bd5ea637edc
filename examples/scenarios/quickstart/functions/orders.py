"""Counts orders from the stream. Each call brings records of one shard, in the order in which they were put."""

import base64
import json


def handler(event, context):
    total = 0
    for record in event["Records"]:
        order = json.loads(base64.b64decode(record["kinesis"]["data"]))
        total += order["cents"]
        print(f"order {order['id']} of {order['customer']}: {order['cents']} cents")
    return {"orders": len(event["Records"]), "cents": total}
