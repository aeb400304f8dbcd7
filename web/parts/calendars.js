// calendars.js - the calendars that my meetings are read from.
import {h, fill} from '../dom.js';
import {t, ago} from '../texts.js';
import {get, patch, post, remove} from '../api.js';
import {mayWrite} from '../state.js';
import {check, field, formDialog} from './forms.js';
import {problem} from './problem.js';
import {ownZone} from './schedule_form.js';
import {toast} from './toast.js';

const KINDS = {ics: ['user', 'password'], caldav: ['user', 'password'], google: ['access_token', 'refresh_token', 'client_id', 'client_secret'], graph: ['access_token', 'refresh_token', 'client_id', 'client_secret']};
const OPEN = ['user', 'client_id'];  // no secrets
const pathOf = (one) => `/v1/calendars/${one.id}`;

// one: the calendar that is changed; null for a new one.
function ask(one, again) {
  const now = one || {kind: 'ics', name: '', url: '', time_zone: ownZone(), auto_schedule: false};
  const credentials = h('div', {class: 'stacked'});
  const paint = (kind) => fill(credentials, KINDS[kind].map((name) => field({name: `credential_${name}`, label: t(`meet.credential_${name}`), type: OPEN.includes(name) ? 'text' : 'password', autocomplete: 'new-password', hint: one && one.has_credentials ? t('schema.secret_set') : null})));
  const kind = field({name: 'kind', label: t('meet.kind'), value: now.kind, disabled: Boolean(one), options: Object.keys(KINDS).map((name) => [name, t(`meet.kind_${name}`)])});
  kind.querySelector('select').addEventListener('change', ({target}) => paint(target.value));
  paint(now.kind);
  formDialog({
    title: t(one ? 'meet.calendar_change' : 'meet.calendar_add'), submit: t('do.save'), test: 'calendar', roomy: true,
    fields: [kind, field({name: 'url', label: t('provider.address'), type: 'url', value: now.url, required: true, readonly: Boolean(one), autocomplete: 'off'}), field({name: 'name', label: t('meet.calendar_name'), value: now.name, maxlength: 100, autocomplete: 'off'}),
      field({name: 'address', label: t('meet.my_address'), value: now.address || '', hint: t('meet.my_address_hint'), autocomplete: 'off'}), field({name: 'time_zone', label: t('schedule.zone'), value: now.time_zone, autocomplete: 'off'}), credentials,
      check({name: 'auto', label: t('meet.auto'), hint: t('meet.auto_hint'), checked: now.auto_schedule})],
    send: async (values) => {
      const given = Object.entries(values).filter(([name, value]) => name.startsWith('credential_') && value).map(([name, value]) => [name.slice('credential_'.length), value]);
      const body = {...(values.name && {name: values.name}), address: values.address, time_zone: values.time_zone, auto_schedule: values.auto, ...(given.length && {credentials: Object.fromEntries(given)})};
      await (one ? patch(pathOf(one), body) : post('/v1/calendars', {...body, kind: values.kind, url: values.url}));
      again();
    },
  });
}

function rowOf(one, again) {
  const act = (run, said) => run().then(() => { if (said) toast(said); again(); }, (error) => toast(error.message));
  const drop = () => {
    row.hidden = true;
    toast(t('meet.calendar_removed', {name: one.name}), {undo: () => { row.hidden = false; }, commit: () => remove(pathOf(one), null, {keepalive: true}).then(again, (error) => toast(error.message))});
  };
  const about = [t(`meet.kind_${one.kind}`), one.enabled ? one.synced_at ? t('meet.read', {ago: ago(one.synced_at)}) : t('meet.not_read') : t('connect.state_paused'), one.auto_schedule && t('meet.auto_short')].filter(Boolean).join(' · ');
  const row = h('li', {class: 'line', test: 'calendar-row', data: {id: one.id}}, h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, about), one.notice && h('small', {class: 'wraps'}, one.notice), one.error && h('small', {class: 'bad'}, one.error.message)),
    mayWrite() && [one.enabled && h('button', {class: 'small', onclick: () => act(() => post(`${pathOf(one)}/sync`), t('meet.reading', {name: one.name})), test: 'calendar-sync'}, t('meet.sync')),
      h('button', {class: 'small', onclick: () => act(() => patch(pathOf(one), {enabled: !one.enabled})), test: 'calendar-switch'}, t(one.enabled ? 'connect.pause' : 'connect.go_on')),
      h('button', {class: 'small', onclick: () => ask(one, again), test: 'calendar-edit'}, t('flow.edit')), h('button', {class: 'small', onclick: drop, test: 'calendar-remove'}, t('do.remove'))]);
  return row;
}

// changed(): when calendars are others, so are meetings.
export async function render(root, changed) {
  const again = () => {
    render(root, changed);
    changed();
  };
  try {
    const {items} = await get('/v1/calendars');
    fill(root, h('div', {class: 'row wrap'}, h('h2', {class: 'grow'}, t('meet.calendars')), mayWrite() && h('button', {class: 'small', onclick: () => ask(null, again), test: 'calendar-add'}, t('meet.calendar_add'))),
      items.length ? h('ul', {class: 'lines'}, items.map((one) => rowOf(one, again))) : h('p', {class: 'status'}, t('meet.no_calendars')));
  } catch (error) {
    fill(root, problem(error, again));
  }
}
