// workflow_triggers.js - what starts a workflow by itself, and whether it may.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {field, formDialog} from './forms.js';
import {schemaFields} from './schema_form.js';

const own = () => ({properties: {
  when: {type: 'string', title: t('flow.trigger_when'), description: t('flow.trigger_when_hint')},
  from: {type: 'string', title: t('flow.trigger_from'), description: t('flow.trigger_from_hint')},
  cron: {type: 'string', title: t('flow.trigger_cron'), description: t('flow.trigger_cron_hint')},
  zone: {type: 'string', title: t('flow.trigger_zone'), description: t('flow.trigger_zone_hint')},
  input: {type: 'object', title: t('flow.trigger_input')},
}});

function ask({triggers: kinds}, trigger, done) {
  const form = schemaFields(own(), trigger || {});
  formDialog({
    title: t('flow.trigger'), submit: t('do.save'), test: 'trigger', roomy: true,
    fields: [field({name: 'on', label: t('flow.trigger_on'), value: trigger ? trigger.on : kinds[0].on, options: kinds.map(({on, meaning}) => [on, meaning])}), form.fields],
    send: (values) => done({...(trigger && trigger.collection && {collection: trigger.collection}), on: values.on, ...form.read(values)}),
  });
}

// shown: {definition, catalogue, writes, changed()}
export function triggerList({definition, catalogue, writes, changed}) {
  const triggers = definition.triggers || [];
  const meaning = (on) => (catalogue.triggers.find((one) => one.on === on) || {meaning: on}).meaning;
  const put = (index, one) => {
    definition.triggers = triggers;
    triggers[index] = one;
    changed();
  };
  const drop = (index) => {
    triggers.splice(index, 1);
    if (!triggers.length) delete definition.triggers;
    changed();
  };
  const rows = triggers.map((one, i) => h('li', {class: 'line', test: 'trigger-row'}, h('span', {class: 'line-name'}, h('b', {}, meaning(one.on)),
    (one.when || one.from) && h('small', {}, [one.from && t('flow.from', {from: one.from}), one.when && t('flow.only_when', {when: one.when})].filter(Boolean).join(' · '))),
    writes && h('button', {class: 'small', onclick: () => ask(catalogue, one, (said) => put(i, said)), test: 'trigger-edit'}, t('flow.edit')),
    writes && h('button', {class: 'small', onclick: () => drop(i), test: 'trigger-remove'}, t('do.remove'))));
  const isOn = definition.enabled !== false;
  const toggle = h('input', {type: 'checkbox', checked: isOn, disabled: !writes, test: 'workflow-enabled', onchange: () => { definition.enabled = toggle.checked; changed(); }});
  return h('section', {class: 'work-card', test: 'triggers'}, h('div', {class: 'row wrap'}, h('h2', {class: 'grow'}, t('flow.triggers')), triggers.length > 0 && h('label', {class: 'row'}, toggle, t('flow.enabled')),
    writes && h('button', {class: 'small', onclick: () => ask(catalogue, null, (said) => put(triggers.length, said)), test: 'trigger-add'}, t('flow.trigger_add'))),
  rows.length ? h('ul', {class: 'lines'}, rows) : h('p', {class: 'status'}, t('flow.no_triggers')));
}
