// client_files.js - files that programs keep here for their calls and batches: what is there, bringing it home, removing it.
import {h, fill} from '../dom.js';
import {t, ago, bytes, fullDate} from '../texts.js';
import {get, post, remove, ApiError} from '../api.js';
import {problem} from './problem.js';
import {toast} from './toast.js';

const PAGE = 25;
const pathOf = (id) => `/v1/files/${encodeURIComponent(id)}`;

export const contentOf = (id) => `${pathOf(id)}/content`;

// The file that is chosen in an input; the answer is the server's.
export function addFile(input, purpose) {
  const [file] = input.files;
  if (!file) throw new ApiError('invalid', t('files.choose'), 400, input.name);
  const form = new FormData();
  form.append('purpose', purpose);
  form.append('file', file, file.name);
  return post('/v1/files', form);
}

function row(one) {
  const about = [bytes(one.bytes), t(`files.for_${one.purpose}`), ago(one.created_at * 1000), one.expires_at && t('files.until', {date: fullDate(one.expires_at * 1000)})];
  const element = h('li', {class: 'line', test: 'file-row', data: {id: one.id}}, h('span', {class: 'line-name'}, h('b', {}, one.filename), h('small', {}, about.filter(Boolean).join(' · ')), h('small', {}, one.id)),
    h('a', {class: 'button small', href: contentOf(one.id), download: one.filename, test: 'file-download'}, t('files.download')), h('button', {class: 'small', onclick: drop, test: 'file-remove'}, t('do.remove')));
  const back = () => { element.hidden = false; };
  function drop() {
    element.hidden = true;
    toast(t('gateway.removed', {name: one.filename}), {undo: back, commit: () => remove(pathOf(one.id), null, {keepalive: true}).then(() => element.remove(), (error) => { back(); toast(error.message); })});
  }
  return element;
}

// {element, look()}: look() shows them anew from the newest on.
export function clientFiles() {
  const list = h('ul', {class: 'lines', test: 'files'}, h('li', {class: 'bone'}));
  const more = h('button', {class: 'small', hidden: true, test: 'files-more'}, t('usage.more'));
  let last = null;
  async function load(after) {
    try {
      const page = await get('/v1/files', {limit: PAGE, after});
      if (!after) fill(list, !page.data.length && h('li', {class: 'status'}, t('files.none')));
      list.append(...page.data.map(row));
      last = page.last_id;
      more.hidden = !page.has_more;
    } catch (error) {
      fill(list, problem(error, () => load(after)));
    }
  }
  more.addEventListener('click', () => load(last));
  const look = () => load(null);
  look();
  return {element: h('div', {}, h('h2', {}, t('files.title')), h('p', {class: 'lead'}, t('files.lead')), list, more), look};
}
