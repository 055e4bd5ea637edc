// The walk through Kinesis, DynamoDB with its stream, and SQS, with the AWS SDK for JavaScript: says what it found, as one JSON
// object.
import * as kinesisSDK from '@aws-sdk/client-kinesis';
import * as dynamodbSDK from '@aws-sdk/client-dynamodb';
import * as streamsSDK from '@aws-sdk/client-dynamodb-streams';
import * as sqsSDK from '@aws-sdk/client-sqs';

const [endpoint, name] = process.argv.slice(2);
const config = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
const said = {};

// call sends the command of a name with a client.
const caller = (sdk, client) => (command, input) => client.send(new sdk[command + 'Command'](input));

const kinesis = caller(kinesisSDK, new kinesisSDK.KinesisClient(config));
await kinesis('CreateStream', { StreamName: name, ShardCount: 1 });
await kinesisSDK.waitUntilStreamExists({ client: new kinesisSDK.KinesisClient(config), maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { StreamName: name });
const first = await kinesis('PutRecord', { StreamName: name, PartitionKey: 'k', Data: Buffer.from('one') });
const put = await kinesis('PutRecords', { StreamName: name, Records: ['two', 'three'].map((data) => ({ PartitionKey: 'k', Data: Buffer.from(data) })) });
said.failed = put.FailedRecordCount;
const ShardId = (await kinesis('ListShards', { StreamName: name })).Shards[0].ShardId;
for (const [kind, more] of Object.entries({ TRIM_HORIZON: {}, AFTER_SEQUENCE_NUMBER: { StartingSequenceNumber: first.SequenceNumber } })) {
  const { ShardIterator } = await kinesis('GetShardIterator', { StreamName: name, ShardId, ShardIteratorType: kind, ...more });
  said[kind] = (await kinesis('GetRecords', { ShardIterator })).Records.map((r) => Buffer.from(r.Data).toString());
}

const tables = caller(dynamodbSDK, new dynamodbSDK.DynamoDBClient(config));
const made = await tables('CreateTable', {
  TableName: name,
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
});
await dynamodbSDK.waitUntilTableExists({ client: new dynamodbSDK.DynamoDBClient(config), maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { TableName: name });
const Key = { id: { S: 'a' } };
await tables('PutItem', { TableName: name, Item: { ...Key, n: { N: '9007199254740993' }, b: { B: Buffer.from([0, 255]) }, s: { SS: ['x'] } } });
await tables('UpdateItem', { TableName: name, Key, UpdateExpression: 'SET n = n + :one', ExpressionAttributeValues: { ':one': { N: '1' } } });
const { Item } = await tables('GetItem', { TableName: name, Key, ConsistentRead: true });
said.n = Item.n.N;
said.b = [...Item.b.B];
said.count = (await tables('Query', { TableName: name, KeyConditionExpression: 'id = :i', ExpressionAttributeValues: { ':i': { S: 'a' } } })).Count;
try {
  await tables('DeleteItem', { TableName: name, Key, ConditionExpression: 'attribute_not_exists(id)' });
} catch (error) {
  if (!(error instanceof dynamodbSDK.ConditionalCheckFailedException)) throw error;
  said.refused = error.name;
}
await tables('DeleteItem', { TableName: name, Key });

const streams = caller(streamsSDK, new streamsSDK.DynamoDBStreamsClient(config));
const StreamArn = (await streams('ListStreams', { TableName: name })).Streams[0].StreamArn;
said.same = StreamArn === made.TableDescription.LatestStreamArn;
said.changes = [];
for (const shard of (await streams('DescribeStream', { StreamArn })).StreamDescription.Shards) {
  const { ShardIterator } = await streams('GetShardIterator', { StreamArn, ShardId: shard.ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  for (const r of (await streams('GetRecords', { ShardIterator })).Records) {
    said.changes.push(`${r.eventName} ${r.dynamodb.Keys.id.S}`);
  }
}

const queues = caller(sqsSDK, new sqsSDK.SQSClient(config));
const { QueueUrl } = await queues('CreateQueue', { QueueName: name, Attributes: { VisibilityTimeout: '60' } });
await queues('SendMessage', { QueueUrl, MessageBody: 'm1', MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } } });
await queues('SendMessageBatch', { QueueUrl, Entries: [{ Id: '2', MessageBody: 'm2' }, { Id: '3', MessageBody: 'm3' }] });
const got = (await queues('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, MessageAttributeNames: ['All'] })).Messages;
said.bodies = got.map((m) => m.Body);
said.kind = got[0].MessageAttributes.kind.StringValue;
for (const m of got) await queues('DeleteMessage', { QueueUrl, ReceiptHandle: m.ReceiptHandle });
const counted = (await queues('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] })).Attributes;
said.left = counted.ApproximateNumberOfMessages + counted.ApproximateNumberOfMessagesNotVisible;
console.log(JSON.stringify(said));
