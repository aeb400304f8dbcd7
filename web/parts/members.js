// members.js - the files inside a document (archive, mail store, attachments), and the way back up to what holds it.
import {h, fill, debounce} from '../dom.js';
import {t, number, bytes} from '../texts.js';
import {get} from '../api.js';
import {problem} from './problem.js';
import {familyIcon} from './families.js';
import {stageOf, pagesOf} from './stages.js';

const PAGE = 100;
const DEEPEST = 8;

export function memberRow(child) {
  const stage = stageOf(child);
  const facts = [pagesOf(child), child.children ? t('count.files', {count: child.children, shown: number(child.children)}) : '', bytes(child.size)];
  const at = (child.path || '').lastIndexOf('/');
  return h('li', {test: 'member'}, h('a', {class: 'member', href: `/documents/${child.id}`},
    familyIcon(child), h('span', {class: 'member-name'}, h('span', {}, child.name),
      (at > 0 || child.title) && h('small', {}, child.title && child.title !== child.name ? child.title : child.path.slice(0, at))),
    stage.tone !== 'good' && h('small', {class: 'member-state', data: {tone: stage.tone}}, stage.text),
    h('small', {class: 'number'}, facts.filter(Boolean).join(' · '))));
}

// The rows, page by page; with many of them a field to find one by its name.
export async function memberList(root, one, {signal} = {}) {
  const list = h('ul', {class: 'members', 'aria-label': t('document.show_files'), test: 'members'});
  const more = h('button', {class: 'more', hidden: true, test: 'members-more'}, t('library.more'));
  const field = h('input', {type: 'search', 'aria-label': t('members.find'), placeholder: t('members.find'), autocomplete: 'off', test: 'members-find'});
  let next = null;
  async function load(append) {
    const page = await get('/v1/documents', {parent: one.id, q: field.value.trim(), limit: PAGE, order: 'name', after: append ? next : null}, signal);
    next = page.next;
    more.hidden = !next;
    if (append) list.append(...page.items.map(memberRow));
    else fill(list, page.items.map(memberRow), page.items.length === 0 && h('li', {class: 'nothing'}, t('members.none')));
  }
  const tried = (append) => load(append).catch((error) => { if (error.name !== 'AbortError') fill(list, problem(error, () => tried(false))); });
  more.addEventListener('click', () => tried(true));
  field.addEventListener('input', debounce(150, () => tried(false)));
  await load(false);
  fill(root, h('div', {class: 'members-box'}, h('div', {class: 'row'}, one.children > 10 && field,
    h('a', {class: 'button small', href: `/search?document=${one.id}`, test: 'members-search'}, t('members.search'))), list, more));
}

// Library › archive.zip › inner.zip: what holds the document, outermost first.
export async function breadcrumb(one, signal) {
  if (!one.parent) return null;
  const above = [];
  for (let id = one.parent; id && above.length < DEEPEST;) {
    const holder = await get(`/v1/documents/${id}`, null, signal);
    above.unshift(holder);
    id = holder.parent;
  }
  return h('nav', {class: 'crumbs', 'aria-label': t('members.inside'), test: 'crumbs'}, h('ol', {}, h('li', {}, h('a', {href: '/library'}, t('library.title'))),
    above.map((holder) => h('li', {}, h('a', {href: `/documents/${holder.id}?show=files`}, holder.name)))));
}
