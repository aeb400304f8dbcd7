// batches.js - calls that are made in the background: how far each batch is, and ending one.
import {h, fill} from '../dom.js';
import {t, number, ago} from '../texts.js';
import {get, post} from '../api.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const SHOWN = 20;
const GOING = new Set(['validating', 'in_progress', 'finalizing']);

function row(one, again) {
  const counts = one.request_counts || {total: 0, completed: 0, failed: 0};
  const about = [t(`batches.is_${one.status}`), t('batches.counts', {done: number(counts.completed), total: number(counts.total)}), counts.failed > 0 && t('batches.failed', {count: counts.failed}), ago(one.created_at * 1000)];
  const stop = () => post(`/v1/batches/${encodeURIComponent(one.id)}/cancel`).then(again, (error) => toast(error.message));
  return h('li', {class: 'line', test: 'batch-row', data: {status: one.status}}, h('span', {class: 'line-name'}, h('b', {}, one.endpoint, ' ', h('small', {}, one.id)), h('small', {}, about.filter(Boolean).join(' · ')),
    GOING.has(one.status) && h('progress', {max: Math.max(1, counts.total), value: counts.completed + counts.failed, 'aria-label': t('batches.title')})),
  GOING.has(one.status) && h('button', {class: 'small', onclick: stop, test: 'batch-cancel'}, t('do.cancel')));
}

// Nothing where there never was one.
export async function render(root) {
  const again = () => render(root);
  try {
    const {data} = await get('/v1/batches', {limit: SHOWN});
    fill(root, data.length > 0 && [h('h2', {}, t('batches.title')), h('ul', {class: 'lines', test: 'batches'}, data.map((one) => row(one, again)))]);
  } catch (error) {
    fill(root, problem(error, again));
  }
}
