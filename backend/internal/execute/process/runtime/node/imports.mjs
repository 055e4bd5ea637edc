// Hooks of Node.js before 22.15, in a thread of their own: a module that the package does not have is looked for where the
// libraries are.

let parentURLs = [];

export async function initialize(data) {
  parentURLs = data.parentURLs;
}

export async function resolve(name, context, next) {
  try {
    return await next(name, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]|^[a-z]+:/.test(name)) throw error;
    for (const parentURL of parentURLs) {
      try {
        return await next(name, { ...context, parentURL });
      } catch { /* the next folder may have it */ }
    }
    throw error;
  }
}
