// settings_notices.js - what I am told: notices, alerts that hold, and what comes to the page and by mail.
import {h, fill} from '../dom.js';
import {t, number, fullDate} from '../texts.js';
import {get, post, put} from '../api.js';
import {emit, mayAdminister} from '../state.js';
import {problem} from './problem.js';

const row = (notice, again) => h('li', {test: 'told', data: {level: notice.level, unread: notice.read_at ? '' : 'yes'}},
  h('p', {}, h('strong', {}, notice.title), ' ', h('small', {}, fullDate(notice.created_at))), h('p', {}, notice.text),
  !notice.read_at && h('button', {onclick: () => again(() => post('/v1/notices/read', {id: notice.id}))}, t('told.read')));

const alertRow = (alert, again) => h('li', {test: 'alert'}, h('p', {}, h('strong', {}, t(`alert.${alert.rule}`, {subject: alert.subject || ''})), ' ', h('small', {}, fullDate(alert.opened_at))),
  alert.acknowledged_at ? h('p', {class: 'status'}, t('alert.seen')) : h('button', {onclick: () => again(() => post(`/v1/alerts/${alert.id}/acknowledge`)), test: 'alert-see'}, t('alert.see')));

function choices(items, again) {
  const box = (one, name) => h('td', {}, h('input', {type: 'checkbox', checked: one[name], 'aria-label': t(`told.by_${name}`, {title: t(`told.kind_${one.kind}`)}),
    onchange: (event) => again(() => put(`/v1/notices/choices/${one.kind}`, {page: one.page, mail: one.mail, [name]: event.target.checked}))}));
  return h('table', {class: 'figures', test: 'told-choices'}, h('thead', {}, h('tr', {}, ['told.kind', 'told.page', 'told.mail'].map((name) => h('th', {scope: 'col'}, t(name))))),
    h('tbody', {}, items.map((one) => h('tr', {}, h('th', {scope: 'row'}, t(`told.kind_${one.kind}`)), box(one, 'page'), box(one, 'mail')))));
}

async function show(root) {
  const again = async (change) => {
    try {
      await change();
      emit('told');
      await show(root);
    } catch (error) {
      fill(root, problem(error, () => show(root)));
    }
  };
  try {
    const [told, chosen, alerts] = await Promise.all([get('/v1/notices', {limit: 50}), get('/v1/notices/choices'), mayAdminister() ? get('/v1/alerts', {open: 1}) : {items: []}]);
    fill(root, alerts.items.length > 0 && [h('h2', {}, t('alert.title')), h('ul', {test: 'alerts'}, alerts.items.map((one) => alertRow(one, again)))],
      h('h2', {}, t('told.title', {count: number(told.unread)})),
      told.items.length ? h('ul', {test: 'told-list'}, told.items.map((one) => row(one, again))) : h('p', {class: 'status'}, t('told.none')),
      told.unread > 0 && h('button', {onclick: () => again(() => post('/v1/notices/read', {})), test: 'told-all'}, t('told.read_all')),
      h('h2', {}, t('told.choices')), h('div', {class: 'wide-table'}, choices(chosen.items, again)));
  } catch (error) {
    fill(root, problem(error, () => show(root)));
  }
}

export function render(root) {
  show(root);
}
