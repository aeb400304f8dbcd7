// workflow_run.js - the dialog that starts a workflow: for which document, with what, and whether only to see what it would do.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get, post} from '../api.js';
import {go} from '../router.js';
import {check, field, formDialog} from './forms.js';
import {jsonFrom, schemaFields} from './schema_form.js';
import {toast} from './toast.js';

const NEWEST = 100;

export async function askRun(workflow) {
  let documents, definition;
  try {
    [documents, {definition}] = await Promise.all([get('/v1/documents', {limit: NEWEST}), workflow.definition ? workflow : get(`/v1/workflows/${workflow.id}`)]);
  } catch (error) {
    toast(error.message);
    return;
  }
  const hasInputs = definition.inputs && definition.inputs.properties;
  const inputs = hasInputs ? schemaFields(definition.inputs, {}, {prefix: 'input_'}) : null;
  formDialog({
    title: t('run.start_of', {name: workflow.name}), submit: t('run.start'), test: 'run', roomy: true,
    fields: [field({name: 'document', label: t('run.document'), value: '', options: [['', t('run.no_document')], ...documents.items.map(({id, name}) => [id, name])]}),
      inputs ? [inputs.fields, inputs.more] : field({name: 'input', label: t('run.input'), type: 'area', class: 'secret', hint: t('schema.json_hint'), placeholder: '{"limit": 1000}', spellcheck: 'false'}),
      check({name: 'dry', label: t('run.dry'), hint: t('run.dry_hint')}), h('p', {class: 'status'}, t('run.start_hint'))],
    send: async (values) => {
      const input = inputs ? inputs.read(values) : jsonFrom(values.input, 'input');
      const started = await post(`/v1/workflows/${workflow.id}/start`, {...(values.document && {document: values.document}), ...(input !== undefined && {input}), dry_run: values.dry});
      go(`/executions/${started.id}`);
    },
  });
}
