// mail.js - a message: who wrote to whom and when, its words, what is attached.
import {h, fill, bringTo} from '../dom.js';
import {t, number} from '../texts.js';
import {get} from '../api.js';
import {factValue} from '../parts/facts.js';
import {memberRow} from '../parts/members.js';
import {htmlOf} from './html.js';

const HEAD = ['from', 'to', 'cc', 'bcc', 'reply_to', 'sent', 'starts', 'ends', 'location'];

function head(one) {
  const facts = HEAD.map((key) => (one.facts || []).find((fact) => fact.key === key)).filter(Boolean);
  const subject = (one.facts || []).find((fact) => fact.key === 'subject');
  return h('header', {class: 'mail-head', test: 'mail-head'}, h('h2', {}, subject ? subject.value : one.title || one.name),
    h('dl', {class: 'facts'}, facts.map((fact) => [h('dt', {}, fact.title), h('dd', {}, factValue(fact))])));
}

async function attachments(one, signal) {
  if (!one.children) return null;
  const {items} = await get('/v1/documents', {parent: one.id, limit: 100, order: 'name'}, signal);
  return h('section', {class: 'mail-files', test: 'attachments'}, h('h3', {}, t('members.attachments', {count: one.children, shown: number(one.children)})),
    h('ul', {class: 'members'}, items.map(memberRow)));
}

// A source knows only the name of its message.
export async function showMail(root, {id}, {signal, cited}) {
  const one = await get(`/v1/documents/${id}`, null, signal);
  const [{fragment, complete}, files] = await Promise.all([htmlOf(one, {signal, cited}), attachments(one, signal)]);
  const words = h('div', {class: 'mail-text'});
  words.append(fragment);
  if (!words.textContent.trim()) fill(words, h('p', {class: 'status'}, t('mail.no_text')));
  fill(root, h('article', {class: 'book leaf-page mail', test: 'mail'}, head(one), words, files), !complete && h('p', {class: 'pad'}, t('document.too_long')));
  bringTo(root.querySelector('mark.passage'));
}
