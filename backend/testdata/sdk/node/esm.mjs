import { S3Client, PutObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';

const objects = new S3Client({});
const queues = new SQSClient({});

const said = (client, command) => client.send(command).then(() => 'done', (error) => error.name);

export const handler = async ({ bucket, queue }) => ({
  put: await said(objects, new PutObjectCommand({ Bucket: bucket, Key: 'esm', Body: 'hello from esm' })),
  send: await said(queues, new SendMessageCommand({ QueueUrl: queue, MessageBody: 'hello from esm' })),
  get: await said(objects, new GetObjectCommand({ Bucket: bucket, Key: 'secret' })),
});
