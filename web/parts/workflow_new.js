// workflow_new.js - a new workflow: from a template, from a file or text that was exported, or an empty one.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get, post} from '../api.js';
import {go} from '../router.js';
import {dialog, field, formDialog} from './forms.js';
import {jsonFrom} from './schema_form.js';
import {toast} from './toast.js';

const FIRST = {steps: [{id: 'tag', type: 'tag', with: {add: ['seen']}}], enabled: false};

const made = (workflow) => go(`/workflows/${workflow.id}`);

function askName(title, name, body) {
  formDialog({
    title, submit: t('flow.make'), test: 'workflow-name',
    fields: field({name: 'name', label: t('flow.name'), value: name, required: true, maxlength: 200, autocomplete: 'off'}),
    send: async (values) => made(await post('/v1/workflows', {...body, name: values.name})),
  });
}

// What an export gave, or a definition alone.
function askImport() {
  formDialog({
    title: t('flow.import'), submit: t('flow.make'), test: 'workflow-import', roomy: true,
    fields: [field({name: 'file', label: t('flow.import_file'), type: 'file', accept: '.json,application/json'}),
      field({name: 'text', label: t('flow.import_text'), type: 'area', rows: 8, class: 'secret', spellcheck: 'false'}),
      field({name: 'name', label: t('flow.import_name'), maxlength: 200, autocomplete: 'off'})],
    send: async (values, element) => {
      const [file] = element.elements.file.files;
      const said = jsonFrom(file ? await file.text() : values.text, 'text') || {};
      const whole = said.definition ? said : {definition: said};
      made(await post('/v1/workflows', {...(whole.format && {format: whole.format}), name: values.name || whole.name || t('flow.unnamed'), definition: whole.definition}));
    },
  });
}

export async function newWorkflow() {
  let templates;
  try {
    templates = (await get('/v1/workflow-templates')).items;
  } catch (error) {
    toast(error.message);
    return;
  }
  const way = (test, title, text, run) => h('li', {}, h('button', {class: 'plain kind', test, onclick: () => { close(); run(); }}, h('b', {}, title), h('small', {}, text)));
  const close = dialog({
    title: t('flow.new'), test: 'workflow-new', roomy: true,
    body: h('ul', {class: 'lines'}, templates.map((one) => way(`template-${one.name}`, one.title, [one.workspace && one.workspace.name, one.description].filter(Boolean).join(' · '), () => askName(one.title, one.title, {template: one.name}))),
      way('template-none', t('flow.empty_one'), t('flow.empty_one_hint'), () => askName(t('flow.new'), '', {definition: FIRST})),
      way('template-import', t('flow.import'), t('flow.import_hint'), askImport)),
  });
}
