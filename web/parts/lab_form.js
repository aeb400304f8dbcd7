// lab_form.js - what a run of the lab is made with: a judged set, the settings, and others to compare with.
import {h} from '../dom.js';
import {t, number} from '../texts.js';
import {field, form} from './forms.js';

const OTHER = 'other';
const PRESETS = [['mode=keyword', 'lab.against_keyword'], ['mode=semantic', 'lab.against_semantic'], ['vector_weight=0.3', 'lab.against_words'], ['vector_weight=0.7', 'lab.against_meaning']];

// A few that are often wanted by name, and any others as the server knows them.
function settingsField(name, none, {hint, placeholder}) {
  const written = field({name: `${name}_other`, label: t('lab.other'), placeholder, hint, autocomplete: 'off', spellcheck: 'false'});
  const chosen = field({name, label: t(`lab.${name}`), options: [['', t(none)], ...PRESETS.map(([value, key]) => [value, t(key)]), [OTHER, t('lab.other_choice')]], value: '',
    onchange: (event) => {
      written.hidden = event.target.value !== OTHER;
      if (!written.hidden) written.querySelector('input').focus();
    }});
  written.hidden = true;
  return h('div', {class: 'field-pair'}, chosen, written);
}

// What may be written there, in the server's words.
const knownSettings = (known) => h('details', {class: 'lab-known'}, h('summary', {}, t('lab.known')),
  h('dl', {class: 'facts'}, known.map((one) => [h('dt', {}, h('code', {}, one.name)), h('dd', {}, one.help)])));

const settingsFrom = (values, name) => (values[name] === OTHER ? values[`${name}_other`].trim() : values[name]);

// send({set, settings, against})
export function runForm(sets, known, chosen, send) {
  return form({
    test: 'lab-run', submit: t('lab.run'),
    fields: [h('div', {class: 'row fields'},
      field({name: 'set', label: t('lab.set'), options: sets.map((one) => [one.id, t('lab.set_of', {name: one.name, count: number(one.queries)})]), value: chosen}),
      settingsField('settings', 'lab.own', {placeholder: 'vector_weight=0.3,0.5', hint: t('lab.sweep_hint')}),
      settingsField('against', 'lab.against_none', {placeholder: 'vector_weight=0.5'})), knownSettings(known)],
    send: (values) => send({set: values.set, settings: settingsFrom(values, 'settings'), against: settingsFrom(values, 'against')}),
  });
}
