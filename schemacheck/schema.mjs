// The module schemas of Atlassian's package @forge/manifest as functions.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';

const file = new URL('node_modules/@forge/manifest/out/schema/manifest-schema.json', import.meta.url);

// Composite conditions hold composite conditions. They are written out down to
// this depth, below which every document is refused.
const maxDepth = 6;

// expand writes the references in a schema out, so that the path of an error in
// the schema says which alternatives it lies in.
//
// The reference "#" means the root, which is the whole manifest here and was the
// composite condition where this part of the schema came from. It stands in
// composite conditions alone and is taken for one.
function expand(schema, definitions, depth = 0) {
  if (Array.isArray(schema)) return schema.map((part) => expand(part, definitions, depth));
  if (schema === null || typeof schema !== 'object') return schema;
  if (schema.$ref === '#') {
    return depth < maxDepth && expand(definitions.compositeCondition, definitions, depth + 1);
  }
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.replace('#/definitions/', '');
    if (!(name in definitions)) throw new Error(`no definition for ${schema.$ref}`);
    return expand(definitions[name], definitions, depth);
  }
  return Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, expand(part, definitions, depth)]));
}

// loadSchemas gives a function that tells the schema errors of the modules of
// one kind, and is undefined for a kind without a schema.
export function loadSchemas() {
  const { definitions } = JSON.parse(readFileSync(file, 'utf8'));
  const all = definitions.ModuleSchema.properties;
  // The schemas have words of Atlassian's own beside those of JSON Schema.
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true });
  const compiled = new Map();
  return (product, kind) => {
    const name = `connect-${product}:${kind}`;
    if (!compiled.has(name) && name in all) compiled.set(name, ajv.compile(expand(all[name], definitions)));
    return compiled.get(name);
  };
}

// inForm gives the modules of a kind the form that the schema is for: in an
// array, also where a descriptor has one object, and webhooks with a key, which
// a descriptor need not give them.
function inForm(kind, modules) {
  const list = isObject(modules) ? [modules] : modules;
  if (kind !== 'webhooks' || !Array.isArray(list)) return list;
  return list.map((module) => (isObject(module) && !('key' in module) ? { key: 'webhook', ...module } : module));
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// schemaErrors are the errors of the modules of one kind as the descriptor has
// them: with paths as the descriptor package writes them.
export function schemaErrors(validate, kind, modules) {
  if (validate(inForm(kind, modules))) return [];
  const base = `modules.${kind}`;
  return validate.errors.map((error) => ({
    keyword: error.keyword,
    message: error.message,
    value: JSON.stringify(error.data) ?? '',
    path: base + pathOf(error.instancePath, isObject(modules)),
    instancePath: error.instancePath,
    schemaPath: error.schemaPath,
  }));
}

// pathOf turns a JSON pointer into a path. The place in the array is left out
// for an object that was put into one.
function pathOf(pointer, wrapped) {
  const steps = pointer.split('/').slice(1).map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  const path = (wrapped ? steps.slice(1) : steps).map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`));
  return path.join('');
}
