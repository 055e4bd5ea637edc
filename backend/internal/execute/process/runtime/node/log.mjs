// What console writes: Lambda's lines, in the text format (time, request, level and message between tabs) or as JSON.

import util from 'node:util';

/** The invocation that lines belong to. */
export const currentRequest = { id: '' };

const json = (process.env.AWS_LAMBDA_LOG_FORMAT ?? '').toUpperCase() === 'JSON';
const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const least = Math.max(0, levels.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? 'TRACE').toUpperCase()));

function describe(error) {
  return { errorType: error.name ?? 'UnknownError', errorMessage: error.message, stackTrace: String(error.stack ?? '').split('\n').slice(1) };
}

function asJSON(level, values) {
  const line = { timestamp: new Date().toISOString(), level };
  if (currentRequest.id) line.requestId = currentRequest.id;
  const plain = values.length === 1 && typeof values[0] === 'object' && values[0] !== null && !(values[0] instanceof Error);
  line.message = plain ? values[0] : util.format(...values);
  const error = values.find((value) => value instanceof Error);
  if (error) Object.assign(line, describe(error));
  try {
    return JSON.stringify(line);
  } catch { // something in it has no JSON
    line.message = util.format(...values);
    return JSON.stringify(line);
  }
}

function write(level, values) {
  if (levels.indexOf(level) < least) return;
  const text = json ? asJSON(level, values)
    : `${new Date().toISOString()}\t${currentRequest.id || 'undefined'}\t${level}\t${util.format(...values)}`;
  process.stdout.write(`${text}\n`);
}

/** Makes console write Lambda's lines. */
export function patchConsole() {
  const as = (level) => (...values) => write(level, values);
  Object.assign(console, { log: as('INFO'), info: as('INFO'), debug: as('DEBUG'), warn: as('WARN'), error: as('ERROR'), trace: as('TRACE'), fatal: as('FATAL') });
}

/** The line of an error that ended an invocation or the process. */
export function logError(title, { trace, ...document }, error) {
  if (json) return write('ERROR', error instanceof Error ? [title, error] : [title, document]);
  return write('ERROR', [`${title} \t${JSON.stringify({ ...document, stack: trace })}`]);
}
