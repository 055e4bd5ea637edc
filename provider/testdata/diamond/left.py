# Puts what it was given on a bus, signed as its role, without an SDK. It forwards the trace header, as AWS's SDKs do.
import datetime
import hashlib
import hmac
import json
import os
import urllib.request


def sign(body):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    region, key = os.environ["AWS_REGION"], os.environ["AWS_SECRET_ACCESS_KEY"]
    url = os.environ["AWS_ENDPOINT_URL"]
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": url.split("://")[1],
        "x-amz-date": now,
        "x-amz-security-token": os.environ["AWS_SESSION_TOKEN"],
        "x-amz-target": "AWSEvents.PutEvents",
        "x-amzn-trace-id": os.environ["_X_AMZN_TRACE_ID"],
    }
    names = ";".join(headers)
    canonical = "\n".join(["POST", "/", "", *(f"{n}:{v}" for n, v in headers.items()), "", names, hashlib.sha256(body).hexdigest()])
    scope = f"{now[:8]}/{region}/events/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    secret = ("AWS4" + key).encode()
    for part in scope.split("/"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature={signature}"
    return urllib.request.Request(url, body, headers)


def handler(event, context):
    print(json.dumps(event))
    for record in event["Records"]:
        notification = json.loads(json.loads(record["body"])["Message"])
        for uploaded in notification["Records"]:
            entry = {"Source": "uploads", "DetailType": "Seen", "EventBusName": os.environ["BUS"], "Detail": json.dumps({"key": uploaded["s3"]["object"]["key"]})}
            with urllib.request.urlopen(sign(json.dumps({"Entries": [entry]}).encode())) as answer:
                assert json.load(answer)["FailedEntryCount"] == 0
