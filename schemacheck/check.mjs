// Reads what schemacheck writes, on standard input, and compares it with what
// Atlassian's module schemas say. See README.md.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { loadSchemas, schemaErrors } from './schema.mjs';

const entries = JSON.parse(readFileSync(new URL('differences.json', import.meta.url), 'utf8'));
const schemaOf = loadSchemas();
const counts = { documents: 0, mutations: 0, kinds: 0, agreements: 0, refusals: 0 };
const explained = new Map(entries.map((entry) => [entry.id, 0]));
const failures = [];

// ourErrors are the errors that the descriptor package has for the modules of
// one kind.
function ourErrors(line, kind) {
  const base = `modules.${kind}`;
  const below = (path) => path === base || path.startsWith(`${base}.`) || path.startsWith(`${base}[`);
  if (line.readError !== undefined) {
    return below(line.readErrorPath) ? [{ rule: 'read', path: line.readErrorPath, message: line.readError }] : [];
  }
  return (line.findings ?? []).filter((finding) => finding.level === 'error' && below(finding.path));
}

// matches reports whether an entry is about an error of a side. All but the
// side are regular expressions; what an entry does not say is not looked at.
function matches({ when: { side: wanted, ...patterns } }, side, error) {
  return wanted === side
    && Object.entries(patterns).every(([name, pattern]) => new RegExp(pattern).test(error[name] ?? ''));
}

// explanation gives the entries that explain all errors of a side, or nothing.
function explanation(side, errors) {
  const used = [];
  for (const error of outer(errors)) {
    const entry = entries.find((candidate) => matches(candidate, side, error));
    const inner = entry ? [entry.id] : ofAlternatives(side, error, errors);
    if (!inner) return undefined;
    used.push(...inner);
  }
  return used;
}

// within reports whether an error belongs to an alternative of another one.
function within(error, outside) {
  return outside.keyword === 'anyOf' && error !== outside
    && error.schemaPath.startsWith(`${outside.schemaPath}/`)
    && `${error.instancePath}/`.startsWith(`${outside.instancePath}/`);
}

// outer leaves out the errors that belong to alternatives.
function outer(errors) {
  return errors.filter((error) => !errors.some((outside) => within(error, outside)));
}

// ofAlternatives explains that none of several alternatives fits: it is enough
// that the errors of one are explained.
function ofAlternatives(side, error, errors) {
  if (error.keyword !== 'anyOf') return undefined;
  const alternatives = new Map();
  for (const inner of errors.filter((candidate) => within(candidate, error))) {
    const number = inner.schemaPath.slice(error.schemaPath.length + 1).split('/')[0];
    alternatives.set(number, [...(alternatives.get(number) ?? []), inner]);
  }
  for (const inner of alternatives.values()) {
    const used = explanation(side, inner);
    if (used) return used;
  }
  return undefined;
}

function fail(line, what) {
  const change = line.mutation ? `${line.mutation} at ${line.path}` : 'unchanged';
  failures.push(`${line.name} for ${line.product}, ${change}:\n    ${what}`);
}

function words(errors) {
  const short = (text = '') => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
  return errors.map((error) => `${error.path} (${error.rule ?? error.keyword}) ${short(error.value)} ${short(error.message)}`).join('\n      ');
}

// compare compares both sides for the modules of one kind.
function compare(line, kind) {
  const validate = schemaOf(line.product, kind);
  const ours = ourErrors(line, kind);
  const theirs = validate ? schemaErrors(validate, kind, line.modules[kind]) : [];
  counts.kinds += 1;
  if (ours.length > 0 === theirs.length > 0) {
    counts.agreements += 1;
    if (ours.length > 0) counts.refusals += 1;
    return;
  }
  const [side, errors] = ours.length > 0 ? ['ours', ours] : ['schema', theirs];
  const used = explanation(side, errors);
  if (!used) {
    fail(line, `${side === 'ours' ? 'the package' : 'the schema'} alone refuses it\n      ${words(errors)}`);
    return;
  }
  for (const id of new Set(used)) explained.set(id, explained.get(id) + 1);
}

function check(line) {
  counts.documents += 1;
  if (line.mutation) counts.mutations += 1;
  else checkUnchanged(line);
  for (const kind of Object.keys(line.modules)) compare(line, kind);
}

// checkUnchanged checks that nobody finds a fault in a document of the corpus.
function checkUnchanged(line) {
  if (line.readError) fail(line, line.readError);
  if (line.findings) fail(line, `the package finds\n      ${words(line.findings)}`);
  for (const [kind, modules] of Object.entries(line.modules)) {
    const validate = schemaOf(line.product, kind);
    const errors = validate ? schemaErrors(validate, kind, modules) : [{ path: kind, keyword: 'kind', message: 'has no schema' }];
    if (errors.length > 0) fail(line, `the schema finds\n      ${words(errors)}`);
  }
}

function report() {
  for (const [id, count] of explained) if (count === 0) failures.push(`differences.json: ${id} explains nothing`);
  if (counts.mutations === 0) failures.push('no documents were read');
  console.log(`documents      ${counts.documents}, of which changed ${counts.mutations}`);
  console.log(`kinds compared ${counts.kinds}`);
  console.log(`agreements     ${counts.agreements}, of which refusals ${counts.refusals}`);
  console.log('differences');
  for (const [id, count] of explained) console.log(`  ${String(count).padStart(4)} ${id}`);
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

for await (const text of createInterface({ input: process.stdin })) if (text) check(JSON.parse(text));
report();
