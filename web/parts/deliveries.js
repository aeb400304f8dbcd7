// deliveries.js - what a webhook was told, what it answered, and telling it again.
import {h, fill} from '../dom.js';
import {t, fullDate} from '../texts.js';
import {get, post} from '../api.js';
import {dialog} from './forms.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const STATES = ['', 'waiting', 'delivered', 'failed'];
const TONES = {delivered: 'good', failed: 'bad'};
const PAGE = 30;
const DAY_MS = 86400000;

// hook: the webhook; kindName(kind): a kind of notice in words.
export function showDeliveries(hook, kindName) {
  const path = `/v1/webhooks/${encodeURIComponent(hook.id)}`;
  let next = null;
  const list = h('ul', {class: 'lines', test: 'deliveries'}, h('li', {class: 'bone'}));
  const more = h('button', {class: 'small', hidden: true, onclick: () => load(true)}, t('library.more'));
  const states = h('select', {class: 'chip', 'aria-label': t('run.state'), test: 'deliveries-state', onchange: () => load()}, STATES.map((name) => h('option', {value: name}, t(name ? `hooks.state_${name}` : 'run.any_state'))));
  const again = h('button', {class: 'small', onclick: () => run(() => post(`${path}/replay`, {from: new Date(Date.now() - DAY_MS).toISOString(), ...(states.value && {state: states.value})})), test: 'deliveries-replay'}, t('hooks.replay_day'));

  async function run(work) {
    try {
      const {count} = await work();
      toast(t('hooks.replayed', {count: count ?? 1}));
    } catch (error) {
      toast(error.message);
    }
    load();
  }

  // Body and answer are read when they are wanted.
  function detail(one) {
    const body = h('div', {});
    const fold = h('details', {class: 'fold'}, h('summary', {}, t('hooks.body')), body);
    fold.addEventListener('toggle', async () => {
      if (!fold.open) return;
      try {
        const whole = await get(`${path}/deliveries/${one.id}`);
        fill(body, h('pre', {class: 'logged', test: 'delivery-body'}, whole.body), whole.answer && [h('p', {class: 'status'}, t('hooks.answer')), h('pre', {class: 'logged'}, whole.answer)]);
      } catch (error) {
        fill(body, problem(error));
      }
    });
    return fold;
  }

  const rowOf = (one) => h('li', {class: 'limited', test: 'delivery'}, h('div', {class: 'row wrap'}, h('span', {class: 'line-name'}, h('b', {}, kindName(one.kind)),
    h('small', {}, [fullDate(one.created_at), t('failed.tries', {count: one.attempts}), one.status && t('hooks.status', {status: one.status}), one.replay_of && t('hooks.is_replay')].filter(Boolean).join(' · ')), one.error && h('small', {class: 'bad'}, one.error)),
  h('span', {class: 'chip', data: {tone: TONES[one.state] || ''}}, t(`hooks.state_${one.state}`)),
  h('button', {class: 'small', onclick: () => run(() => post(`${path}/deliveries/${one.id}/replay`)), test: 'delivery-replay'}, t('hooks.replay'))), detail(one));

  async function load(append) {
    try {
      const page = await get(`${path}/deliveries`, {state: states.value, limit: PAGE, after: append ? next : null});
      next = page.next;
      more.hidden = !next;
      if (append) list.append(...page.items.map(rowOf));
      else fill(list, page.items.length ? page.items.map(rowOf) : h('li', {class: 'status'}, t('hooks.none_told')));
    } catch (error) {
      fill(list, h('li', {}, problem(error, () => load())));
    }
  }

  dialog({title: t('hooks.log_of', {url: hook.url}), test: 'deliveries-dialog', roomy: true, body: h('div', {class: 'stacked'}, h('div', {class: 'row wrap'}, states, h('span', {class: 'gap'}), again), list, more)});
  load();
}
