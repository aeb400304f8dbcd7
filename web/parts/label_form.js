// label_form.js - what label sets are made of, as people write it.
import {t} from '../texts.js';
import {state} from '../state.js';
import {post, patch} from '../api.js';
import {field, check, formDialog} from './forms.js';

const write = (labels) => labels.map((one) => (one.description ? `${one.name}: ${one.description}` : one.name)).join('\n');

// "name: description", one a line.
const read = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean).map((line) => {
  const at = line.indexOf(':');
  return at < 0 ? {name: line} : {name: line.slice(0, at).trim(), description: line.slice(at + 1).trim()};
});

export function labelSetDialog(one, saved) {
  const now = one || {name: '', description: '', labels: [], multi: false, precision: 0.9, asks: 'auto', collection: null, tags: false};
  formDialog({
    title: one ? t('labels.edit') : t('labels.new'), submit: t('do.save'), test: 'label-set-form', roomy: true,
    fields: [field({name: 'name', label: t('labels.name'), value: now.name, required: true, maxlength: 200, autocomplete: 'off'}),
      field({name: 'description', label: t('labels.description'), value: now.description, maxlength: 2000, autocomplete: 'off'}),
      field({name: 'labels', label: t('labels.list'), type: 'area', rows: 6, hint: t('labels.list_hint'), value: write(now.labels), required: true}),
      check({name: 'multi', label: t('labels.multi'), checked: now.multi}),
      field({name: 'precision', label: t('labels.precision'), type: 'number', min: 0.5, max: 1, step: 0.01, value: now.precision}),
      field({name: 'asks', label: t('labels.asks'), options: ['auto', 'encoder', 'model'].map((who) => [who, t(`labels.asks_${who}`)]), value: now.asks}),
      field({name: 'collection', label: t('labels.collection'), options: [['', t('labels.collection_none')], ...state.collections.map((where) => [where.id, where.name])], value: now.collection || ''}),
      check({name: 'tags', label: t('labels.tags'), checked: now.tags})],
    send: async (values) => {
      const body = {...values, labels: read(values.labels), precision: Number(values.precision), collection: values.collection || null};
      await saved(await (one ? patch(`/v1/label-sets/${one.id}`, body) : post('/v1/label-sets', body)));
    },
  });
}

// Texts of one label, one a line.
export function teachDialog(one, taught) {
  formDialog({
    title: t('labels.teach'), submit: t('labels.teach'), test: 'teach-form', roomy: true,
    fields: [field({name: 'label', label: t('labels.teach_label'), options: one.labels.map(({name}) => [name, name])}),
      field({name: 'texts', label: t('labels.teach_text'), type: 'area', rows: 8, required: true})],
    send: async ({label, texts}) => {
      const examples = texts.split('\n').map((text) => text.trim()).filter(Boolean).map((text) => ({text, label: one.multi ? [label] : label}));
      const {items} = await post(`/v1/label-sets/${one.id}/examples`, {examples});
      taught(items.length);
    },
  });
}
