// alerts.js - what is wrong now, who is told of it, and what was.
import '../texts_server.js';
import {h, fill} from '../dom.js';
import {t, fullDate} from '../texts.js';
import {get, post, remove} from '../api.js';
import {emit} from '../state.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const DAY = 86400;
const HISTORY = 20;

const titleOf = (one) => t(`alert.${one.rule}`, {subject: one.subject || ''});

const line = (one, about, ...more) => h('li', {class: 'line told', test: 'alert', data: {state: one.state, level: one.state === 'firing' ? 'problem' : 'info', unread: one.state === 'firing' && !one.acknowledged_at ? 'yes' : ''}},
  h('div', {class: 'line-name'}, h('b', {}, titleOf(one)), h('small', {}, about)), ...more);

function openLine(one, again) {
  if (one.state === 'pending') return line(one, fullDate(one.opened_at), h('small', {}, t('alert.pending')));
  const quiet = async () => {
    await post('/v1/alerts/silences', {rule: one.rule, subject: one.subject || '', seconds: DAY});
    toast(t('alert.quieted'));
  };
  return line(one, fullDate(one.opened_at),
    one.acknowledged_at ? h('small', {}, t('alert.seen')) : h('button', {class: 'small', onclick: () => again(() => post(`/v1/alerts/${one.id}/acknowledge`)), test: 'alert-see'}, t('alert.see')),
    h('button', {class: 'small', onclick: () => again(quiet), test: 'alert-quiet'}, t('alert.quiet')));
}

const silenceLine = (one, again) => h('li', {class: 'line', test: 'silence'},
  h('div', {class: 'line-name'}, h('b', {}, one.rule ? titleOf(one) : t('alert.silence_all')), h('small', {}, t('alert.silence_until', {time: fullDate(one.ends_at)})), one.reason && h('p', {}, one.reason)),
  h('button', {class: 'small', onclick: () => again(() => remove(`/v1/alerts/silences/${one.id}`)), test: 'silence-end'}, t('alert.silence_end')));

const section = (title, test, items) => items.length > 0 && [h('h2', {}, title), h('ul', {class: 'lines', test}, items)];

export async function render(root) {
  const again = async (change) => {
    try {
      await change();
      emit('told');
      await render(root);
    } catch (error) {
      fill(root, problem(error, () => render(root)));
    }
  };
  try {
    const [open, all, silences] = await Promise.all([get('/v1/alerts', {open: 1}), get('/v1/alerts', {limit: 100}), get('/v1/alerts/silences')]);
    const over = all.items.filter((one) => one.state === 'over').slice(0, HISTORY);
    fill(root, section(t('alert.title'), 'alerts', open.items.map((one) => openLine(one, again))),
      section(t('alert.silences'), 'silences', silences.items.map((one) => silenceLine(one, again))),
      over.length > 0 && h('details', {test: 'alert-history'}, h('summary', {}, t('alert.history')),
        h('ul', {class: 'lines'}, over.map((one) => line(one, t('alert.span', {from: fullDate(one.opened_at), to: fullDate(one.closed_at)}))))));
  } catch (error) {
    fill(root, problem(error, () => render(root)));
  }
}
