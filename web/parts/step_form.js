// step_form.js - the dialogs that choose a kind of step and ask for what it takes, printed from the server's schemas.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {dialog, field, formDialog} from './forms.js';
import {schemaFields} from './schema_form.js';
import {END} from './workflow_tree.js';

const HELD_ELSEWHERE = ['type', 'with', 'branches', 'steps'];

// The members that a kind has beside those of every step: expressions, targets, cases.
function ownSchema(schema, type, targets) {
  const kind = schema.$defs.step.oneOf.find(({title}) => title === type);
  const shape = (name, property) => {
    if (property.$ref === '#/$defs/target') return {enum: targets};
    if (property.$ref === '#/$defs/expression') return {type: 'string', description: t('flow.expression')};
    return name === 'cases' ? {type: 'array', items: {type: 'string'}, description: t('flow.cases_hint')} : property;
  };
  const properties = Object.entries(kind.properties).filter(([name]) => !HELD_ELSEWHERE.includes(name)).map(([name, property]) => [name, shape(name, property)]);
  return {properties: Object.fromEntries(properties), required: kind.required.filter((name) => !HELD_ELSEWHERE.includes(name))};
}

const linesOf = (cases) => Object.entries(cases || {}).map(([value, target]) => `${value}: ${target}`);
const casesOf = (lines) => Object.fromEntries((lines || []).map((line) => {
  const at = line.lastIndexOf(':');
  return at < 0 ? [line, END] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}));

function everySchema(targets) {
  return {properties: {
    when: {type: 'string', title: t('flow.when'), description: t('flow.when_hint')},
    next: {enum: targets, title: t('flow.next')},
    on_error: {enum: ['fail', 'continue', ...targets], title: t('flow.on_error')},
    timeout_s: {type: 'number', title: t('flow.timeout_s')},
    attempts: {type: 'integer', title: t('flow.attempts')},
    wait_s: {type: 'number', title: t('flow.wait_s')},
    note: {type: 'string', title: t('flow.note')},
  }};
}

// step: as it is, with its id and type; steps: the sequence it stands in. done(step): the changed one.
export function askStep({schema, kinds}, step, steps, done) {
  const targets = [...steps.filter(({id}) => id !== step.id).map(({id}) => id), END];
  const kind = kinds.find(({type}) => type === step.type);
  const own = schemaFields(ownSchema(schema, step.type, targets), {...step, cases: step.cases && linesOf(step.cases)}, {prefix: 'own_', loose: true});
  const takes = schemaFields(kind.with || {}, step.with, {prefix: 'with_', loose: true});
  const every = schemaFields(everySchema(targets), {...step, ...step.retry}, {prefix: 'every_', loose: true});
  const isSet = ['when', 'next', 'on_error', 'timeout_s', 'retry', 'note'].some((name) => step[name] !== undefined);
  formDialog({
    title: t('flow.step_of', {type: step.type}), submit: t('do.save'), test: 'step', roomy: true,
    fields: [h('p', {class: 'status'}, kind.meaning), field({name: 'id', label: t('flow.id'), value: step.id, hint: t('flow.id_hint'), required: true, maxlength: 40, autocomplete: 'off', pattern: '[A-Za-z_][A-Za-z0-9_]*'}),
      own.fields, own.more, takes.fields, takes.more,
      h('details', {class: 'fold', open: isSet, test: 'step-more'}, h('summary', {}, t('flow.more')), h('div', {class: 'stacked'}, every.fields))],
    send: (values) => {
      const {attempts, wait_s: wait, ...rest} = every.read(values);
      const said = own.read(values);
      if (said.cases) said.cases = casesOf(said.cases);
      const made = takes.read(values);
      const held = Object.fromEntries(['branches', 'steps', 'layout', 'name'].filter((name) => step[name] !== undefined).map((name) => [name, step[name]]));
      const retry = attempts === undefined && wait === undefined ? {} : {retry: {...step.retry, ...(attempts !== undefined && {attempts}), ...(wait !== undefined && {wait_s: wait})}};
      done({id: values.id.trim(), type: step.type, ...held, ...said, ...(Object.keys(made).length && {with: made}), ...rest, ...retry});
    },
  });
}

export function chooseStep({kinds}, chosen) {
  const close = dialog({
    title: t('flow.choose'), test: 'step-kinds', roomy: true,
    body: h('ul', {class: 'lines'}, kinds.map(({type, meaning}) => h('li', {}, h('button', {class: 'plain kind', test: `step-kind-${type}`, onclick: () => { close(); chosen(type); }},
      h('b', {}, type.replaceAll('_', ' ')), h('small', {}, meaning))))),
  });
}
