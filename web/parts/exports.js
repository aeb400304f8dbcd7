// exports.js - everything of the workspace as plain files: beginning an export, how far it is, bringing it home. For owners.
import {h, fill} from '../dom.js';
import {t, ago, bytes, fullDate, number} from '../texts.js';
import {get, post, remove} from '../api.js';
import {problem} from './problem.js';
import {toast} from './toast.js';
import '../texts_flow.js';

const LOOK_MS = 1000;
const pathOf = (id) => `/v1/exports/${encodeURIComponent(id)}`;

function row(one, again) {
  const about = [bytes(one.bytes), ago(Date.parse(one.created_at)), t('files.until', {date: fullDate(Date.parse(one.expires_at))})];
  return h('li', {class: 'line', test: 'export-row', data: {id: one.id}}, h('span', {class: 'line-name'}, h('b', {}, one.name), h('small', {}, about.join(' · ')), h('small', {}, `SHA-256 ${one.sha256}`)),
    h('a', {class: 'button small', href: `${pathOf(one.id)}/content`, download: one.name, test: 'export-download'}, t('files.download')),
    h('button', {class: 'small', test: 'export-remove', onclick: () => remove(pathOf(one.id)).then(again, (error) => toast(error.message))}, t('do.remove')));
}

// Returns what ends the looking.
export function render(root) {
  const list = h('ul', {class: 'lines', test: 'exports'}, h('li', {class: 'bone'}));
  const going = h('p', {class: 'status', test: 'export-going', role: 'status'});
  const begin = h('button', {class: 'primary', test: 'export-begin', onclick: start}, t('exports.begin'));
  let timer = 0;
  let isOver = false;

  async function look() {
    try {
      const {items} = await get('/v1/exports');
      fill(list, items.length ? items.map((one) => row(one, look)) : h('li', {class: 'status'}, t('exports.none')));
    } catch (error) {
      fill(list, problem(error, look));
    }
  }

  const stopOf = (job) => h('button', {class: 'small', test: 'export-cancel', onclick: () => post(`/v1/work/${encodeURIComponent(job)}/cancel`).catch((error) => toast(error.message))}, t('do.cancel'));

  async function watch(job, stop = stopOf(job)) {
    const work = await get(`/v1/work/${encodeURIComponent(job)}`).catch(() => null);
    if (isOver || !work) return;
    const runs = ['waiting', 'delayed', 'running'].includes(work.state);
    begin.disabled = runs;
    fill(going, runs && [t('exports.going', {done: number(work.done), total: number(work.total)}), ' ', stop]);
    if (runs) {
      timer = setTimeout(() => watch(job, stop), LOOK_MS);
      return;
    }
    if (work.error) toast(work.error.message);
    look();
  }

  async function start() {
    begin.disabled = true;
    await post('/v1/exports', {}).then(({job}) => watch(job), (error) => { begin.disabled = false; toast(error.message); });
  }

  fill(root, h('h2', {}, t('exports.title')), h('p', {class: 'lead'}, t('exports.lead')), list, going, begin);
  look();
  get('/v1/work').then(({items}) => { const job = items.find((one) => one.type === 'export'); if (job) watch(job.id); }, () => {});
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
