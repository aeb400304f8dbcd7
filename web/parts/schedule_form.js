// schedule_form.js - the dialog that adds a schedule or changes one; it says in words what a rule means, and when it comes next.
import {h, fill, debounce} from '../dom.js';
import {t, fullDate} from '../texts.js';
import {get, patch, post} from '../api.js';
import {cronWords} from './cron_words.js';
import {field, formDialog} from './forms.js';
import {jsonFrom} from './schema_form.js';

const SHOWN = 3;
const WORKFLOW = 'workflow_start';
const NIGHTLY = '0 3 * * *';

export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
const everyWords = (seconds) => (seconds % 3600 === 0 ? t('schedule.every_hours', {count: seconds / 3600}) : t('schedule.every_minutes', {count: Math.round(seconds / 60)}));
export const ruleWords = (one) => (one.every_s ? everyWords(one.every_s) : cronWords(one.cron || '') || one.cron);

const ruleOf = ({cron, zone, every}) => (every.trim() ? {every_s: Math.round(Number(every) * 60)} : {cron: cron.trim(), zone: zone.trim() || 'UTC'});

// What the job is given: of one that starts a workflow the workflow is chosen from those there are.
function payloadFields(type, payload) {
  const said = field({name: 'payload', label: t('schedule.payload'), type: 'area', class: 'secret', value: JSON.stringify(payload), hint: t('schema.json_hint'), spellcheck: 'false'});
  const input = said.querySelector('textarea');
  const which = field({name: 'workflow', label: t('run.workflow'), value: '', options: [['', t('schedule.no_workflow')]]});
  const choice = which.querySelector('select');
  const given = () => jsonOr(input.value, {});
  choice.addEventListener('change', () => { input.value = JSON.stringify({...given(), workflow: choice.value || undefined}); });
  const show = () => { which.hidden = type.value !== WORKFLOW; };
  type.addEventListener('change', show);
  show();
  get('/v1/workflows').then(({items}) => choice.append(...items.map(({id, name}) => h('option', {value: id, selected: [id, name].includes(payload.workflow)}, name))), () => {});
  return [which, h('details', {class: 'fold', test: 'schedule-payload'}, h('summary', {}, t('schedule.payload')), said)];
}

function jsonOr(text, other) {
  try {
    return JSON.parse(text);
  } catch {
    return other;
  }
}

// one: the schedule that is changed; null for a new one.
export function askSchedule(types, one, again) {
  const now = one || {name: '', type: (types.find((each) => each.type === WORKFLOW) || types[0]).type, payload: {}, cron: NIGHTLY, zone: ownZone(), every_s: null, catch_up: 'one'};
  const type = field({name: 'type', label: t('schedule.type'), value: now.type, options: types.map(({type: name, help}) => [name, help])});
  const rule = field({name: 'cron', label: t('schedule.cron'), value: now.cron || '', hint: t('schedule.cron_hint'), autocomplete: 'off', spellcheck: 'false', class: 'secret'});
  const zone = field({name: 'zone', label: t('schedule.zone'), value: now.zone, autocomplete: 'off', list: 'zones'});
  const every = field({name: 'every', label: t('schedule.every'), value: now.every_s ? now.every_s / 60 : '', hint: t('schedule.every_hint'), inputmode: 'decimal', autocomplete: 'off'});
  const said = h('div', {class: 'status', role: 'status', test: 'schedule-said'});
  const inputs = [rule, zone, every].map((part) => part.querySelector('input'));
  const look = debounce(200, async () => {
    const asked = ruleOf(Object.fromEntries(inputs.map(({name, value}) => [name, value])));
    try {
      const {next_times: times} = await post('/v1/schedules/preview', {...asked, count: SHOWN});
      fill(said, h('b', {}, ruleWords(asked)), h('ul', {}, times.map((time) => h('li', {}, fullDate(time)))));
    } catch (error) {
      fill(said, error.message);
    }
  });
  inputs.forEach((input) => input.addEventListener('input', look));
  formDialog({
    title: t(one ? 'schedule.change' : 'schedule.add'), submit: t('do.save'), test: 'schedule', roomy: true,
    fields: [field({name: 'name', label: t('schedule.name'), value: now.name, required: true, maxlength: 200, autocomplete: 'off'}),
      type, rule, zone, every, said,
      h('datalist', {id: 'zones'}, Intl.supportedValuesOf('timeZone').map((name) => h('option', {value: name}))),
      field({name: 'catch_up', label: t('schedule.catch_up'), value: now.catch_up, options: ['one', 'none', 'all'].map((name) => [name, t(`schedule.catch_up_${name}`)])}),
      payloadFields(type.querySelector('select'), now.payload)],
    send: async (values) => {
      const body = {name: values.name, type: values.type, ...ruleOf(values), catch_up: values.catch_up, payload: jsonFrom(values.payload, 'payload') || {}};
      await (one ? patch(`/v1/schedules/${one.id}`, body) : post('/v1/schedules', body));
      again();
    },
  });
  look();
}
