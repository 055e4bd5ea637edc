// Finding a handler: FOLDERS/MODULE.EXPORT, in an ES module or a CommonJS one.

import fs from 'node:fs';
import path from 'node:path';

function fault(name, message) {
  return Object.assign(new Error(message), { name });
}

/** Whether a .js file is an ES module: what the nearest package.json up to the package's root says. */
function isModule(file, root) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const about = path.join(folder, 'package.json');
    if (fs.existsSync(about)) return JSON.parse(fs.readFileSync(about, 'utf8')).type === 'module';
    if (folder === root || folder === path.dirname(folder)) return false;
  }
}

function findFile(base) {
  for (const ending of ['', '.js', '.mjs', '.cjs']) {
    const stat = fs.statSync(base + ending, { throwIfNoEntry: false });
    if (stat?.isFile()) return base + ending;
  }
  return undefined;
}

async function loadModule(root, name, { require, toURL, beforeImport }) {
  const file = findFile(path.join(root, name));
  if (!file) {
    // A folder with an index, or a module of the package's node_modules.
    const base = path.join(root, name);
    return require(fs.existsSync(base) ? base : require.resolve(name, { paths: [root] }));
  }
  if (file.endsWith('.mjs') || (!file.endsWith('.cjs') && isModule(file, root))) {
    beforeImport();
    return import(toURL(file).href);
  }
  return require(file);
}

/** The handler, or an error whose name is the type that Lambda gives it. */
export async function load(root, handler, tools) {
  if (handler.includes('..')) {
    throw fault('Runtime.MalformedHandlerName', `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const file = path.basename(handler);
  const dot = file.indexOf('.');
  if (dot < 1 || dot === file.length - 1) throw fault('Runtime.MalformedHandlerName', 'Bad handler');
  const name = path.join(handler.slice(0, handler.length - file.length), file.slice(0, dot));
  let found;
  try {
    found = await loadModule(root, name, tools);
  } catch (error) {
    if (error instanceof SyntaxError) throw Object.assign(fault('Runtime.UserCodeSyntaxError', String(error)), { stack: error.stack });
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND') {
      throw Object.assign(fault('Runtime.ImportModuleError', missing(error, name)), { stack: error.stack });
    }
    throw error;
  }
  const exported = file.slice(dot + 1).split('.');
  const at = (from) => exported.reduce((value, key) => value?.[key], from);
  const fn = at(found) ?? at(found?.default);
  const shown = `${name}.${file.slice(dot + 1)}`;
  if (fn === undefined || fn === null) throw fault('Runtime.HandlerNotFound', `${shown} is undefined or not exported`);
  if (typeof fn !== 'function') throw fault('Runtime.HandlerNotFound', `${shown} is not a function`);
  return fn;
}

/** What could not be found: the handler's own module is named as the configuration names it. */
function missing(error, name) {
  const text = String(error);
  return error.code === 'MODULE_NOT_FOUND' && text.includes(`'${name}'`) ? `Error: Cannot find module '${name}'\nRequire stack:\n- client` : text;
}
