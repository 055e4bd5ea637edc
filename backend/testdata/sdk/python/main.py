import boto3
from botocore.exceptions import ClientError

objects, queues = boto3.client("s3"), boto3.client("sqs")


def said(call, **arguments):
    try:
        call(**arguments)
        return "done"
    except ClientError as e:
        return e.response["Error"]["Code"]


def handler(event, context):
    return {
        "put": said(objects.put_object, Bucket=event["bucket"], Key="python", Body=b"hello from python"),
        "send": said(queues.send_message, QueueUrl=event["queue"], MessageBody="hello from python"),
        "get": said(objects.get_object, Bucket=event["bucket"], Key="secret"),
    }
