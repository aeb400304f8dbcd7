// settings_notices.js - what I am told: notices, alerts that hold, and what comes to the page and by mail.
import {h, fill} from '../dom.js';
import {t, number, fullDate} from '../texts.js';
import {get, post, put} from '../api.js';
import {emit, mayAdminister} from '../state.js';
import {problem} from './problem.js';
import {toast} from './toast.js';
import * as hooks from './webhooks.js';
import * as incoming from './incoming_hooks.js';

const row = (notice, again) => h('li', {class: 'line told', test: 'told', data: {level: notice.level, unread: notice.read_at ? '' : 'yes'}},
  h('div', {class: 'line-name'}, h('b', {}, notice.title), h('small', {}, fullDate(notice.created_at)), h('p', {}, notice.text), notice.link && h('p', {}, h('a', {href: notice.link, test: 'told-link'}, t('told.open')))),
  !notice.read_at && h('button', {class: 'small', onclick: () => again(() => post('/v1/notices/read', {id: notice.id})), test: 'told-read'}, t('told.read')));

function choices(items, again) {
  const box = (one, name) => h('td', {}, h('label', {class: 'pick'}, h('input', {type: 'checkbox', checked: one[name], 'aria-label': t(`told.by_${name}`, {title: t(`told.kind_${one.kind}`)}),
    onchange: (event) => again(() => put(`/v1/notices/choices/${one.kind}`, {page: one.page, mail: one.mail, [name]: event.target.checked}))})));
  return h('table', {class: 'figures', test: 'told-choices'}, h('thead', {}, h('tr', {}, ['told.kind', 'told.page', 'told.mail'].map((name) => h('th', {scope: 'col'}, t(name))))),
    h('tbody', {}, items.map((one) => h('tr', {}, h('th', {scope: 'row'}, t(`told.kind_${one.kind}`)), box(one, 'page'), box(one, 'mail')))));
}

async function sendTest(again) {
  await again(async () => {
    const {has_mail_server: hasMail} = await post('/v1/notices/test');
    toast(t(hasMail ? 'told.test_sent' : 'told.test_no_mail'));
  });
}

async function show(root, parts) {
  const {watched, ruled, hooked, called} = parts;
  const again = async (change) => {
    try {
      await change();
      emit('told');
      await show(root, parts);
    } catch (error) {
      fill(root, problem(error, () => show(root, parts)));
    }
  };
  try {
    const [told, chosen] = await Promise.all([get('/v1/notices', {limit: 50}), get('/v1/notices/choices')]);
    fill(root, watched, h('h2', {}, t('told.title', {count: number(told.unread)})),
      told.items.length ? h('ul', {class: 'lines', test: 'told-list'}, told.items.map((one) => row(one, again))) : h('p', {class: 'status'}, t('told.none')),
      told.unread > 0 && h('button', {class: 'small', onclick: () => again(() => post('/v1/notices/read', {})), test: 'told-all'}, t('told.read_all')),
      h('h2', {}, t('told.choices')), h('div', {class: 'wide-table'}, choices(chosen.items, again)),
      mayAdminister() && h('button', {class: 'small', onclick: () => sendTest(again), test: 'told-test'}, t('told.test')), ruled, hooked, called);
  } catch (error) {
    fill(root, problem(error, () => show(root, parts)));
  }
}

export function render(root) {
  const parts = {watched: h('div', {}), ruled: h('div', {}), hooked: h('div', {}), called: h('div', {})};
  show(root, parts);
  if (!mayAdminister()) return;
  import('./alerts.js').then((part) => part.render(parts.watched), () => {});
  import('./alert_rules.js').then((part) => part.render(parts.ruled), () => {});
  incoming.render(parts.called);
  get('/v1/notices/choices').then(({items}) => hooks.render(parts.hooked, items.map((one) => one.kind)), () => {});
}
