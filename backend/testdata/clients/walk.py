"""The walk through Kinesis, DynamoDB with its stream, and SQS, with boto3: says what it found, as one JSON object."""

import json
import sys

import boto3

endpoint, name = sys.argv[1:]


def client(service):
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


said = {}

kinesis = client("kinesis")
kinesis.create_stream(StreamName=name, ShardCount=1)
kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
first = kinesis.put_record(StreamName=name, PartitionKey="k", Data=b"one")
put = kinesis.put_records(StreamName=name, Records=[{"PartitionKey": "k", "Data": b"two"}, {"PartitionKey": "k", "Data": b"three"}])
said["failed"] = put["FailedRecordCount"]
shard = kinesis.list_shards(StreamName=name)["Shards"][0]["ShardId"]
for kind, more in {"TRIM_HORIZON": {}, "AFTER_SEQUENCE_NUMBER": {"StartingSequenceNumber": first["SequenceNumber"]}}.items():
    iterator = kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]
    said[kind] = [r["Data"].decode() for r in kinesis.get_records(ShardIterator=iterator)["Records"]]

tables = client("dynamodb")
made = tables.create_table(
    TableName=name,
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
)
tables.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
key = {"id": {"S": "a"}}
tables.put_item(TableName=name, Item={**key, "n": {"N": "9007199254740993"}, "b": {"B": b"\x00\xff"}, "s": {"SS": ["x"]}})
tables.update_item(TableName=name, Key=key, UpdateExpression="SET n = n + :one", ExpressionAttributeValues={":one": {"N": "1"}})
item = tables.get_item(TableName=name, Key=key, ConsistentRead=True)["Item"]
said["n"], said["b"] = item["n"]["N"], list(item["b"]["B"])
found = tables.query(TableName=name, KeyConditionExpression="id = :i", ExpressionAttributeValues={":i": {"S": "a"}})
said["count"] = found["Count"]
try:
    tables.delete_item(TableName=name, Key=key, ConditionExpression="attribute_not_exists(id)")
except tables.exceptions.ConditionalCheckFailedException as error:
    said["refused"] = error.response["Error"]["Code"]
tables.delete_item(TableName=name, Key=key)

streams = client("dynamodbstreams")
stream = streams.list_streams(TableName=name)["Streams"][0]["StreamArn"]
said["same"] = stream == made["TableDescription"]["LatestStreamArn"]
said["changes"] = []
for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
    iterator = streams.get_shard_iterator(StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    for record in streams.get_records(ShardIterator=iterator)["Records"]:
        said["changes"].append(record["eventName"] + " " + record["dynamodb"]["Keys"]["id"]["S"])

queues = client("sqs")
url = queues.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})["QueueUrl"]
queues.send_message(QueueUrl=url, MessageBody="m1", MessageAttributes={"kind": {"DataType": "String", "StringValue": "x"}})
queues.send_message_batch(QueueUrl=url, Entries=[{"Id": "2", "MessageBody": "m2"}, {"Id": "3", "MessageBody": "m3"}])
got = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"])["Messages"]
said["bodies"] = [m["Body"] for m in got]
said["kind"] = got[0]["MessageAttributes"]["kind"]["StringValue"]
for m in got:
    queues.delete_message(QueueUrl=url, ReceiptHandle=m["ReceiptHandle"])
counted = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
said["left"] = counted["ApproximateNumberOfMessages"] + counted["ApproximateNumberOfMessagesNotVisible"]
print(json.dumps(said))
