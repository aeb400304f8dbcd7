// prompts.js - the editor of a prompt, and of which share of people gets which version.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get, post, patch} from '../api.js';
import {dialog, field, form, formDialog} from './forms.js';

export const readPrompts = async () => (await get('/v1/prompts')).items;
export const readVersions = async (one) => (await get(`/v1/prompts/${one.id}/versions`)).items;

const fields = (one) => [
  field({name: 'name', label: t('persona.name'), value: one.name || '', required: true, maxlength: 200, autocomplete: 'off'}),
  field({name: 'template', label: t('prompt.template'), hint: t('prompt.template_hint'), type: 'area', rows: 7, value: one.template || '', required: true, maxlength: 64000}),
  field({name: 'system', label: t('prompt.system'), type: 'area', rows: 3, value: one.system || '', maxlength: 16000}),
  h('div', {class: 'pair'}, field({name: 'model', label: t('persona.model'), hint: t('persona.model_hint'), value: one.model || '', maxlength: 200}),
    field({name: 'temperature', label: t('persona.temperature'), type: 'number', min: 0, max: 2, step: 0.1, value: one.temperature ?? ''})),
];

export function editPrompt(one, again) {
  const send = async (values) => {
    const body = {...values, temperature: values.temperature === '' ? null : Number(values.temperature)};
    if (one) await patch(`/v1/prompts/${one.id}`, body);
    else await post('/v1/prompts', body);
    close();
    again();
  };
  const close = dialog({title: t(one ? 'prompt.change' : 'prompt.add'), test: 'prompt-editor', roomy: true,
    body: form({fields: fields(one || {}), submit: t('do.save'), test: 'prompt-form', cancel: () => close(), send})});
}

// A share for each older version; the current one gets the rest.
export async function editShares(one, again) {
  const versions = (await readVersions(one)).filter((version) => !version.current).slice(0, 3);
  const of = (number) => (one.shares.find((share) => share.version === number) || {percent: 0}).percent;
  formDialog({title: t('prompt.shares'), submit: t('do.save'), test: 'prompt-share',
    fields: [h('p', {class: 'hint'}, t('prompt.shares_lead')), versions.map((version) => field({name: `v${version.version}`, type: 'number', min: 0, max: 100, step: 1,
      label: t('prompt.share_of', {number: version.version}), value: of(version.version)}))],
    send: async (values) => {
      const shares = versions.map(({version}) => ({version, percent: Number(values[`v${version}`])})).filter(({percent}) => percent > 0);
      await patch(`/v1/prompts/${one.id}`, {shares});
      again();
    }});
}
