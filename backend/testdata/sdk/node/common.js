const { S3Client, PutObjectCommand, GetObjectCommand } = require('@aws-sdk/client-s3');
const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');

const objects = new S3Client({});
const queues = new SQSClient({});

const said = (client, command) => client.send(command).then(() => 'done', (error) => error.name);

exports.handler = async ({ bucket, queue }) => ({
  put: await said(objects, new PutObjectCommand({ Bucket: bucket, Key: 'common', Body: 'hello from common' })),
  send: await said(queues, new SendMessageCommand({ QueueUrl: queue, MessageBody: 'hello from common' })),
  get: await said(objects, new GetObjectCommand({ Bucket: bucket, Key: 'secret' })),
});
