// Hooks of Node.js before 22.15, in a thread of their own: a module that the package does not have is looked for where the
// libraries are.

let parentURL;

export async function initialize(data) {
  parentURL = data.parentURL;
}

export async function resolve(name, context, next) {
  try {
    return await next(name, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]|^[a-z]+:/.test(name)) throw error;
    return next(name, { ...context, parentURL });
  }
}
