// workflow_tree.js - a workflow's definition as a tree of sequences: their places, as the server's messages name them, and their names.

export const END = 'end';

// Sequences inside a step, each with its place and, of branches, their number.
export function innerOf(step, path) {
  if (step.type === 'parallel') return (step.branches || []).map((branch, i) => ({steps: branch.steps || (branch.steps = []), path: `${path}.branches[${i}].steps`, branch: i}));
  if (step.type === 'for_each') return [{steps: step.steps || (step.steps = []), path: `${path}.steps`}];
  return [];
}

// visit(step, path, sequence, index) for every step, outer ones first.
export function walk(steps, visit, path = 'steps') {
  steps.forEach((step, i) => {
    const place = `${path}[${i}]`;
    visit(step, place, steps, i);
    for (const inner of innerOf(step, place)) walk(inner.steps, visit, inner.path);
  });
}

function idsOf(definition) {
  const ids = [];
  walk(definition.steps, ({id}) => ids.push(id));
  return ids;
}

// A name of this kind that no step has yet.
export function freshId(definition, type) {
  const taken = new Set(idsOf(definition));
  if (!taken.has(type)) return type;
  let i = 2;
  while (taken.has(`${type}_${i}`)) i++;
  return `${type}_${i}`;
}

// The step whose place begins a message, "steps[2].if: ...", the innermost of them; and the message without it.
export function placeOf(definition, message) {
  let found = null;
  walk(definition.steps, (step, path) => {
    const next = message[path.length];
    if (message.startsWith(path) && (next === '.' || next === ':') && (!found || path.length > found.length)) found = path;
  });
  return found;
}

const TARGETS = ['next', 'then', 'else', 'default', 'on_error'];

// A step's new name, wherever the old one was said: as a target, and in expressions.
export function rename(definition, from, to) {
  const said = new RegExp(`\\bsteps\\.${from}\\b`, 'g');
  const within = (value) => {
    if (typeof value === 'string') return value.replace(said, `steps.${to}`);
    if (Array.isArray(value)) return value.map(within);
    return value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, within(one)])) : value;
  };
  Object.assign(definition, within(definition));
  walk(definition.steps, (step) => {
    for (const name of TARGETS) if (step[name] === from) step[name] = to;
    for (const [value, target] of Object.entries(step.cases || {})) if (target === from) step.cases[value] = to;
  });
}

// Takes a step out; whoever named it goes on with the step behind it.
export function takeOut(steps, index) {
  const [gone] = steps.splice(index, 1);
  const after = steps[index] ? steps[index].id : END;
  for (const step of steps) {
    for (const name of TARGETS) if (step[name] === gone.id) step[name] = after;
    for (const [value, target] of Object.entries(step.cases || {})) if (target === gone.id) step.cases[value] = after;
  }
  return gone;
}
