// The CommonJS function of the tests.
let count = 0;
exports.counter = async () => ++count;
exports.echo = async (event) => { console.log('got', event); return event; };
exports.nothing = async () => {};
exports.fail = async () => { throw new RangeError('bad "value"'); };
exports.failPlain = async () => { throw 'text'; };
exports.callback = (event, context, callback) => { setTimeout(() => callback(null, 'called back'), 5); };
exports.callbackError = (event, context, callback) => callback(new TypeError('called back'));
exports.callbackEarly = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  setTimeout(() => {}, 3600000);
  callback(null, 'early');
};
exports.callbackLate = (event, context, callback) => { setTimeout(() => console.log('after'), 5); callback(null, 'late'); };
exports.silent = () => {};
exports.succeed = (event, context) => { context.succeed('succeeded'); };
exports.circular = async () => { const a = {}; a.a = a; return a; };
exports.rejects = async () => { Promise.reject(new Error('nobody listens')); await new Promise((r) => setTimeout(r, 5000)); };
exports.throws = async () => { setImmediate(() => { throw new Error('out of reach'); }); await new Promise((r) => setTimeout(r, 5000)); };
exports.exit = async (event) => process.exit(event.code);
exports.context = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID });
exports.notAFunction = 7;
exports.inner = { handler: async () => 'inner' };
