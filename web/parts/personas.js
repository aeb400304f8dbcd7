// personas.js - who answers: the choice beside the question, and the editor with its versions.
import {h, fill} from '../dom.js';
import {t, fullDate} from '../texts.js';
import {get, post, patch, call} from '../api.js';
import {state} from '../state.js';
import {dialog, field, form} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

// The list, as it was last read.
let known = [];
export const personas = () => known;
export async function readPersonas() {
  const page = await get('/v1/personas').catch(() => null);
  if (page) known = page.items;
  return known;
}

// A choice that fills itself; chosen(persona or null).
export function personaPicker(chosen) {
  const select = h('select', {class: 'chip', 'aria-label': t('persona.pick'), test: 'persona-pick', hidden: true});
  const paint = (list, value) => {
    select.hidden = list.length === 0;
    fill(select, h('option', {value: ''}, t('persona.none')), list.map((one) => h('option', {value: one.id}, one.name)));
    select.value = value || '';
    if (select.selectedIndex < 0) select.value = '';
  };
  select.addEventListener('change', () => chosen(known.find((one) => one.id === select.value) || null));
  paint(known);
  let wanted = '';
  readPersonas().then((list) => paint(list, wanted || select.value));
  return {element: select, value: () => select.value, choose: (id) => { wanted = id || ''; select.value = wanted; if (select.selectedIndex < 0) select.value = ''; }};
}

function fields(one) {
  const chosen = new Set(one.collections || []);
  return [
    field({name: 'name', label: t('persona.name'), value: one.name || '', required: true, maxlength: 200, autocomplete: 'off'}),
    field({name: 'instructions', label: t('persona.instructions'), hint: t('persona.instructions_hint'), type: 'area', rows: 6, value: one.instructions || '', maxlength: 16000}),
    h('div', {class: 'pair'}, field({name: 'model', label: t('persona.model'), hint: t('persona.model_hint'), value: one.model || '', maxlength: 200}),
      field({name: 'temperature', label: t('persona.temperature'), type: 'number', min: 0, max: 2, step: 0.1, value: one.temperature ?? ''})),
    h('div', {class: 'pair'}, field({name: 'tone', label: t('persona.tone'), value: one.tone || '', maxlength: 200}),
      field({name: 'search_mode', label: t('persona.mode'), hint: t('persona.mode_hint'), value: one.search_mode || '', maxlength: 40})),
    field({name: 'greeting', label: t('persona.greeting'), value: one.greeting || '', maxlength: 2000}),
    state.collections.length > 0 && h('fieldset', {class: 'field'}, h('legend', {}, t('persona.collections')),
      state.collections.map((all) => h('label', {class: 'check'}, h('input', {type: 'checkbox', data: {collection: all.id}, checked: chosen.has(all.id)}), all.name)),
      h('small', {}, t('persona.collections_hint'))),
  ];
}

// one.at and one.shown(body): of something else that has versions as personas have them.
export async function showVersions(one, again) {
  const list = h('div', {class: 'rows', test: 'persona-versions'});
  const close = dialog({title: `${one.name} · ${t('persona.versions')}`, body: list, test: 'persona-history', roomy: true});
  const at = one.at || `/v1/personas/${one.id}`;
  const shown = one.shown || ((body) => body.instructions);
  const back = async (number) => {
    await post(`${at}/restore`, {version: number}).then(() => toast(t('persona.restored', {number})), (error) => toast(error.message));
    close();
    again();
  };
  try {
    const page = await get(`${at}/versions`);
    fill(list, page.items.map((version) => h('div', {class: 'row'}, h('strong', {}, t('persona.version', {number: version.version})),
      h('span', {class: 'hint'}, fullDate(version.created_at)), h('span', {class: 'gap'}),
      version.current ? h('span', {class: 'chip quiet'}, t('persona.current'))
        : h('button', {class: 'small', onclick: () => back(version.version), test: 'persona-restore'}, t('persona.restore')),
      h('p', {class: 'hint'}, shown(version.body)))));
  } catch (error) {
    fill(list, problem(error));
  }
}

// editPersona(persona or null, again): again() is called when something has changed.
export function editPersona(one, again) {
  const send = async (values, element) => {
    const body = {...values, temperature: values.temperature === '' ? null : Number(values.temperature),
      collections: [...element.querySelectorAll('[data-collection]')].filter((box) => box.checked).map((box) => box.dataset.collection)};
    if (one) await patch(`/v1/personas/${one.id}`, body);
    else await post('/v1/personas', body);
    close();
    again();
  };
  const close = dialog({title: t(one ? 'persona.change' : 'persona.add'), test: 'persona-editor', roomy: true,
    body: form({fields: fields(one || {}), submit: t('do.save'), test: 'persona-form', cancel: () => close(), send})});
}

export const removePersona = (one) => call('DELETE', `/v1/personas/${one.id}`);
