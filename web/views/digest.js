// digest.js - what is new in a collection: its documents in short, what they are about, tasks; and a digest every week.
import {h, fill, cleanup} from '../dom.js';
import {t, number} from '../texts.js';
import {get, put} from '../api.js';
import {mayWrite, collectionName} from '../state.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {nothing, statements} from '../parts/summed.js';

const DAYS = [1, 7, 30];

export function render(root, {id}) {
  const undo = cleanup();
  const abort = new AbortController();
  undo.add(() => abort.abort());
  let days = 7;
  const head = top(t('digest.title'));
  const bar = h('div', {class: 'row wrap'});
  const body = h('div', {});
  fill(root, head.element, h('div', {class: 'scroll pad digest'}, bar, body));

  async function choose(weekly) {
    try {
      await put(`/v1/collections/${id}/digest`, {every_days: weekly ? 7 : 0});
      toast(t(weekly ? 'digest.set' : 'digest.unset'));
    } catch (error) {
      toast(error.message);
    }
    load();
  }

  function paint({digest, plan}) {
    head.heading.textContent = `${t('digest.title')}: ${collectionName(id) || ''}`;
    fill(bar, h('div', {class: 'row', role: 'group', 'aria-label': t('digest.days')}, DAYS.map((value) => h('button', {class: 'small', 'aria-pressed': String(value === days), onclick: () => { days = value; load(); }, test: `digest-${value}`}, `${t('digest.days')}: ${value}`))),
      h('span', {class: 'gap'}), mayWrite() && h('button', {class: 'small', 'aria-pressed': String(Boolean(plan)), onclick: () => choose(!plan), test: 'digest-weekly'}, t('digest.weekly')));
    if (!digest.total) return fill(body, nothing('digest'));
    fill(body, digest.key_phrases.length > 0 && h('p', {class: 'summed-status'}, `${t('digest.phrases')}: ${digest.key_phrases.join(' · ')}`),
      digest.documents.length > 1 && [h('h2', {}, t('digest.together')), statements(digest.summary)],
      h('h2', {}, t('digest.documents', {count: digest.total, shown: number(digest.total)})),
      digest.documents.map((one) => h('section', {class: 'digest-one', test: 'digest-document'}, h('h3', {}, h('a', {href: `/documents/${one.id}`}, one.name)), statements(one.summary))),
      digest.tasks.length > 0 && [h('h2', {}, t('digest.tasks')), h('ul', {}, digest.tasks.map((task) => h('li', {}, h('a', {href: `/tasks?task=${task.number}`}, task.summary))))]);
  }

  async function load() {
    fill(body, h('div', {class: 'bone'}));
    try {
      paint(await get(`/v1/collections/${encodeURIComponent(id)}/digest`, {days}, abort.signal));
    } catch (error) {
      if (error.name !== 'AbortError') fill(body, problem(error, load));
    }
  }

  load();
  return {cleanup: undo, title: t('digest.title'), focus: head.heading};
}
