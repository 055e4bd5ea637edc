// The runtime client of Node.js functions: loads the handler, and runs it for one event after the other.
//
// Started by the simulator as: node client.mjs LIBRARIES LAYERS, where each is a folder laid out as a layer's /opt, or empty:
// the AWS SDKs, and the function's layers.
// Everything else comes from the environment that Lambda gives a runtime. It speaks the Lambda Runtime API and needs
// Node's own modules alone.

import http from 'node:http';
import path from 'node:path';
import fs from 'node:fs';
import Module, { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { load } from './load.mjs';
import { currentRequest, logError, patchConsole } from './log.mjs';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** One call of the Runtime API. */
function call(method, what, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const options = { host, port, method, agent, path: `/2018-06-01/runtime/${what}`, headers };
    if (body !== undefined) options.headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), ...headers };
    const request = http.request(options, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts).toString() }));
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.setNoDelay(true);
    request.end(body);
  });
}

async function post(what, body, headers) {
  const answer = await call('POST', what, body, headers);
  if (answer.status !== 202) process.stderr.write(`The Runtime API refused ${what} with ${answer.status}: ${answer.body}\n`);
}

/** The error document of anything that was thrown. */
function errorDocument(error) {
  if (error instanceof Error || (error && typeof error === 'object' && 'message' in error && 'name' in error)) {
    return { errorType: error.name ?? 'Error', errorMessage: error.message ?? '', trace: String(error.stack ?? '').split('\n') };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function fail(what, document) {
  return post(what, JSON.stringify(document), { 'Lambda-Runtime-Function-Error-Type': document.errorType });
}

/** What a handler gets as its second argument, together with the ways to end an invocation by hand. */
function contextOf(headers, end) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'] ?? 0);
  const parsed = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed('lambda-runtime-client-context'),
    identity: parsed('lambda-runtime-cognito-identity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  context.succeed = (result) => end(context, null, result, true);
  context.fail = (error) => end(context, error ?? 'handled', undefined, true);
  context.done = (error, result) => end(context, error, result, true);
  return context;
}

/**
 * One invocation: resolves with {error} or {result} once the handler has ended it. A callback's result waits until
 * nothing is left to do (unless callbackWaitsForEmptyEventLoop is false); where the handler never ends it, the result is
 * null as soon as nothing is left to do.
 */
function invoke(handler, event, headers) {
  return new Promise((resolve) => {
    let ended = false;
    const finish = (outcome) => {
      process.removeListener('beforeExit', idle);
      resolve(outcome);
    };
    let outcome = { result: null };
    const idle = () => finish(outcome);
    process.on('beforeExit', idle);
    const end = (context, error, result, atOnce) => {
      if (ended) return;
      ended = true;
      outcome = error != null ? { error } : { result };
      if (atOnce || error != null || !context.callbackWaitsForEmptyEventLoop) setImmediate(() => finish(outcome));
    };
    const context = contextOf(headers, end);
    try {
      const returned = handler(event, context, (error, result) => end(context, error, result, false));
      if (returned && typeof returned.then === 'function') {
        returned.then((result) => end(context, null, result, true), (error) => end(context, error ?? 'handled', undefined, true));
      }
    } catch (error) {
      end(context, error ?? 'handled', undefined, true);
    }
  });
}

/** The result as JSON, or the error that says why it has none. */
function serialise(result) {
  try {
    return { body: JSON.stringify(result === undefined ? null : result) ?? 'null' };
  } catch (error) {
    return { error: Object.assign(new Error(`Unable to stringify response body: ${error.message}`), { name: 'Runtime.MarshalError' }) };
  }
}

async function serve(handler) {
  for (;;) {
    const next = await call('GET', 'invocation/next');
    if (next.status !== 200) throw new Error(`the Runtime API answered ${next.status}: ${next.body}`);
    const id = next.headers['lambda-runtime-aws-request-id'];
    currentRequest.id = id;
    if (next.headers['lambda-runtime-trace-id']) process.env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'];
    let outcome = await invoke(handler, JSON.parse(next.body), next.headers);
    let answer;
    if (!('error' in outcome)) {
      answer = serialise(outcome.result);
      outcome = answer;
    }
    if ('error' in outcome) {
      const document = errorDocument(outcome.error);
      logError('Invoke Error', document, outcome.error);
      await fail(`invocation/${id}/error`, document);
    } else {
      await post(`invocation/${id}/response`, answer.body);
    }
  }
}

/** Errors that no handler caught end the process, after Lambda has been told which. */
function watchUncaught() {
  const report = async (title, document, code, error) => {
    logError(title, document, error);
    try {
      await fail(currentRequest.id ? `invocation/${currentRequest.id}/error` : 'init/error', document);
    } finally {
      process.exit(code);
    }
  };
  // The connection may be busy with a call whose answer nobody waits for any more, so these reports use their own.
  process.on('uncaughtException', (error) => {
    agent.maxSockets = 2;
    report('Uncaught Exception', errorDocument(error), 129, error);
  });
  process.on('unhandledRejection', (reason, promise) => {
    agent.maxSockets = 2;
    const error = Object.assign(new Error(reason instanceof Error ? reason.toString() : String(reason)), { name: 'Runtime.UnhandledPromiseRejection' });
    const document = { errorType: error.name, errorMessage: error.message, reason: errorDocument(reason), promise: {}, trace: errorDocument(error).trace };
    report('Unhandled Promise Rejection', document, 128, error);
  });
}

/**
 * Makes libraries findable for import, which knows no NODE_PATH: what the package does not have is looked for there. Called
 * before the first ES module is loaded alone, because an older Node.js starts a thread for it.
 */
function findImports(folders) {
  const parentURLs = folders.map((folder) => pathToFileURL(path.join(path.dirname(folder), 'client.js')).href);
  if (parentURLs.length === 0) return;
  if (Module.registerHooks) {
    Module.registerHooks({
      resolve(name, context, next) {
        try {
          return next(name, context);
        } catch (error) {
          if (error.code !== 'ERR_MODULE_NOT_FOUND' && error.code !== 'MODULE_NOT_FOUND' || /^[./]|^[a-z]+:/.test(name)) throw error;
          for (const parentURL of parentURLs) {
            try {
              return next(name, { ...context, parentURL });
            } catch { /* the next folder may have it */ }
          }
          throw error;
        }
      },
    });
    return;
  }
  Module.register?.(new URL('imports.mjs', import.meta.url), { data: { parentURLs } });
}

/** Where modules are looked for after the package: in the layers, for this Node.js and for any, then in the libraries. */
function moduleFolders(libraries, layers) {
  const runtime = (process.env.AWS_EXECUTION_ENV ?? '').match(/nodejs(\d+)/)?.[1];
  return [layers && path.join(layers, 'nodejs', `node${runtime}`, 'node_modules'), layers && path.join(layers, 'nodejs', 'node_modules'),
    libraries && path.join(libraries, 'nodejs', 'node_modules')].filter((folder) => folder && fs.existsSync(folder));
}

/** Makes libraries findable, and points an AWS SDK that is too old to read AWS_ENDPOINT_URL (version 2) at that address. */
function findModules(folders) {
  if (folders.length > 0) {
    const own = process.env.NODE_PATH;
    process.env.NODE_PATH = [own, ...folders].filter(Boolean).join(path.delimiter);
    Module._initPaths();
    if (own === undefined) delete process.env.NODE_PATH; else process.env.NODE_PATH = own;
  }
  const endpoint = process.env.AWS_ENDPOINT_URL;
  const plain = Module._load;
  if (!endpoint) return;
  Module._load = function load(request, ...rest) {
    const loaded = plain.call(this, request, ...rest);
    if (request === 'aws-sdk' && loaded?.config?.update && !loaded.config.endpoint) loaded.config.update({ endpoint, s3ForcePathStyle: true });
    return loaded;
  };
}

const folders = moduleFolders(process.argv[2], process.argv[3]);
findModules(folders);
process.argv.length = 1;
patchConsole();
watchUncaught();
let handler;
try {
  handler = await load(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER, {
    require: createRequire(path.join(process.env.LAMBDA_TASK_ROOT, 'client.js')),
    toURL: pathToFileURL,
    beforeImport: () => findImports(folders),
  });
} catch (error) {
  const document = errorDocument(error);
  logError('Uncaught Exception', document, error);
  await fail('init/error', document);
  process.exit(1);
}
await serve(handler);
