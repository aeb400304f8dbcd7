// connection_form.js - the dialogs that add a connection or change one; its settings are printed from the schema of its kind.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {patch, post} from '../api.js';
import {state} from '../state.js';
import {dialog, field, formDialog, valuesOf} from './forms.js';
import {schemaFields} from './schema_form.js';

const EVERY = [0, 5, 15, 30, 60, 360, 1440];
const HOUR = 60;

export const everyText = (minutes) => (!minutes ? t('connect.every_0') : minutes % HOUR ? t('connect.every_minutes', {count: minutes}) : t('connect.every_hours', {count: minutes / HOUR}));
const everyOptions = (now) => [...new Set([...EVERY, now])].sort((a, b) => a - b).map((one) => [String(one), everyText(one)]);
const collections = () => [['', t('connect.no_collection')], ...state.collections.map((one) => [one.id, one.name])];

// Asks the place with what stands in the form; nothing is kept.
function tester(read, path) {
  const said = h('p', {class: 'status', role: 'status', test: 'connection-said'});
  const button = h('button', {type: 'button', class: 'small', test: 'connection-try', onclick: async () => {
    button.setAttribute('aria-busy', 'true');
    fill(said, t('connect.asking'));
    try {
      fill(said, (await post(path, read(valuesOf(button.form)))).found);
    } catch (error) {
      fill(said, error.message);
    } finally {
      button.removeAttribute('aria-busy');
    }
  }}, t('connect.test'));
  return h('div', {class: 'row wrap'}, button, said);
}

// one: the connection that is changed; null for a new one of this kind.
export function askConnection(kind, one, again) {
  const now = one || {name: kind.title, settings: {}, secrets: [], every_minutes: HOUR, gone: 'keep'};
  const form = schemaFields(kind.schema, now.settings, {prefix: 'settings_', secrets: now.secrets});
  const settingsOf = (values) => ({kind: kind.name, settings: form.read(values)});
  formDialog({
    title: t(one ? 'connect.change_of' : 'connect.add_of', {name: one ? one.name : kind.title}), test: 'connection', submit: t(one ? 'do.save' : 'connect.add'), roomy: true,
    fields: [field({name: 'name', label: t('connect.name'), value: now.name, required: true, maxlength: 200, autocomplete: 'off'}), ...form.fields,
      field({name: 'collection', label: t('connect.collection'), value: now.collection || '', options: collections()}),
      field({name: 'every_minutes', label: t('connect.every'), value: String(now.every_minutes), options: everyOptions(now.every_minutes)}),
      field({name: 'gone', label: t('connect.gone'), value: now.gone, options: [['keep', t('connect.gone_keep')], ['trash', t('connect.gone_trash')]]}),
      form.more.length > 0 && h('details', {class: 'fold', test: 'connection-more'}, h('summary', {}, t('connect.more')), h('div', {class: 'stacked'}, form.more)),
      tester(settingsOf, one ? `/v1/connections/${one.id}/test` : '/v1/connections/test')],
    send: async (values) => {
      const body = {...settingsOf(values), name: values.name, collection: values.collection || null, every_minutes: Number(values.every_minutes), gone: values.gone};
      again(await (one ? patch(`/v1/connections/${one.id}`, body) : post('/v1/connections', body)));
    },
  });
}

export function chooseKind(kinds, again) {
  const close = dialog({
    title: t('connect.choose'), test: 'connection-kinds', roomy: true,
    body: h('ul', {class: 'lines'}, kinds.map((kind) => h('li', {}, h('button', {class: 'plain kind', test: `kind-${kind.name}`, onclick: () => { close(); askConnection(kind, null, again); }},
      h('b', {}, kind.title), h('small', {}, t(`connect.kind_${kind.name}`)))))),
  });
}
