// batches.js - calls that are made in the background: starting a batch from a file, how far each is, its results, ending one.
import {h, fill, keepFocus} from '../dom.js';
import {t, number, percentText, ago, duration, fullDate} from '../texts.js';
import {get, post, address} from '../api.js';
import {field, formDialog} from './forms.js';
import {addFile, contentOf} from './client_files.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const PAGE = 20;
const LOOK_MS = 3000;
const GOING = new Set(['validating', 'in_progress', 'finalizing', 'cancelling']);
const ENDPOINTS = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings', '/v1/completions', '/v1/moderations'];
const WINDOWS = [1, 24, 168];

const countsOf = (one) => one.request_counts || {total: 0, completed: 0, failed: 0};

// From how long the calls took that were made.
function timeLeft(one) {
  const {total, completed, failed} = countsOf(one);
  const made = completed + failed;
  if (one.status !== 'in_progress' || !made || !one.in_progress_at) return '';
  return t('models.left', {time: duration((Date.now() / 1000 - one.in_progress_at) / made * (total - made))});
}

function aboutOf(one) {
  const {total, completed, failed} = countsOf(one);
  return [t(`batches.is_${one.status}`), total > 0 && t('batches.counts', {done: number(completed), total: number(total)}), failed > 0 && t('batches.failed', {count: failed}), timeLeft(one),
    one.usage && one.usage.total_tokens > 0 && t('models.tokens', {count: one.usage.total_tokens})].filter(Boolean).join(' · ');
}

const download = (id, text, test) => id && h('a', {class: 'button small', href: contentOf(id), download: '', test}, t(text));

// Lines of its file that are wrong: then nothing of it was begun.
const wrongLines = ({errors}) => errors && errors.data.length > 0 && h('ul', {class: 'findings', test: 'batch-errors'}, errors.data.slice(0, 10).map(({line, message}) => h('li', {class: 'bad'}, line ? t('batches.line', {line, message}) : message)));

function row(one, again) {
  const {total, completed, failed} = countsOf(one);
  const isGoing = GOING.has(one.status);
  const stop = () => post(`/v1/batches/${encodeURIComponent(one.id)}/cancel`).then(again, (error) => toast(error.message));
  return h('li', {class: 'limited', test: 'batch-row', data: {status: one.status, id: one.id}}, h('div', {class: 'row wrap'}, h('span', {class: 'line-name'}, h('b', {}, [one.endpoint, one.model].filter(Boolean).join(' · ')), h('small', {}, aboutOf(one)),
    h('small', {title: fullDate(one.created_at * 1000)}, `${ago(one.created_at * 1000)} · ${one.id}`)),
  download(one.output_file_id, 'batches.results', 'batch-results'), download(one.error_file_id, 'batches.errors', 'batch-error-file'), isGoing && one.status !== 'cancelling' && h('button', {class: 'small', onclick: stop, test: 'batch-cancel'}, t('do.cancel'))),
  isGoing && h('div', {class: 'row'}, h('progress', {max: Math.max(1, total), value: completed + failed, 'aria-label': aboutOf(one)}), h('small', {class: 'number'}, percentText(total ? 100 * (completed + failed) / total : 0))), wrongLines(one));
}

function ask(again) {
  formDialog({
    title: t('batches.add'), test: 'batch', submit: t('batches.begin'),
    fields: [h('p', {class: 'status'}, t('batches.file_hint')), field({name: 'file', label: t('batches.file'), type: 'file', accept: '.jsonl,application/jsonl,text/plain', required: true}),
      field({name: 'endpoint', label: t('batches.endpoint'), options: ENDPOINTS.map((path) => [path, path])}),
      field({name: 'window', label: t('batches.window'), options: WINDOWS.map((hours) => [`${hours}h`, t('batches.hours', {count: hours})]), value: '24h', hint: t('batches.window_hint')})],
    send: async ({endpoint, window}, element) => {
      const {id} = await addFile(element.elements.file, 'batch');
      await post('/v1/batches', {input_file_id: id, endpoint, completion_window: window});
      await again();
    },
  });
}

// Looked at again while one is going on. changed(): files came with one that ended. Returns what ends it.
export function render(root, changed) {
  let timer = 0;
  let isGone = false;
  let shown = PAGE;
  let going = 0;
  const list = h('ul', {class: 'lines', test: 'batches'}, h('li', {class: 'bone'}));
  const more = h('button', {class: 'small', hidden: true, onclick: () => { shown += PAGE; look(); }, test: 'batches-more'}, t('usage.more'));

  async function look() {
    clearTimeout(timer);
    try {
      const {data, has_more: isMore} = await get(address('/v1/batches', {limit: Math.min(shown, 100)}));
      if (isGone) return;
      keepFocus(list, 'id', () => fill(list, data.length ? data.map((one) => row(one, look)) : h('li', {class: 'status'}, t('batches.none'))));
      more.hidden = !isMore || shown >= 100;
      const now = data.filter(({status}) => GOING.has(status)).length;
      if (now < going) changed();
      going = now;
      if (going) timer = setTimeout(look, LOOK_MS);
    } catch (error) {
      if (!isGone) fill(list, problem(error, look));
    }
  }
  fill(root, h('h2', {}, t('batches.title')), h('p', {class: 'lead'}, t('batches.lead')), list, more, h('button', {class: 'primary', test: 'batch-add', onclick: () => ask(() => Promise.all([look(), changed()]))}, t('batches.add')));
  look();
  return () => {
    isGone = true;
    clearTimeout(timer);
  };
}
