// picture.js - a picture, or each of its pages, with what its file says of it beside.
import {h, fill} from '../dom.js';
import {t} from '../texts.js';
import {pageStack} from '../parts/picture.js';
import {citedStack} from '../parts/cited.js';
import {factList} from '../parts/facts.js';

// What browsers draw themselves when there is no page of ours.
const DRAWN = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp']);

function original(one) {
  const note = h('p', {class: 'spoken-none', hidden: true, test: 'picture-failed'}, t('picture.failed'));
  if (!DRAWN.has(one.media_type)) {
    note.hidden = false;
    return note;
  }
  const image = h('img', {class: 'plain-picture', alt: one.title || one.name, src: `/v1/documents/${one.id}/original?inline=1`});
  image.addEventListener('error', () => { image.hidden = true; note.hidden = false; });
  return [image, note];
}

// source: the passage of it that is marked, or null.
export async function showPicture(root, one, {signal, source, onpage}) {
  const stack = h('div', {class: 'stack'});
  fill(root, h('div', {class: 'picture-view'}, stack, h('aside', {class: 'picture-facts'}, factList(one, {file: false}))));
  const options = {signal, onpage: (page, count) => { if (count > 1) onpage(page, count); }};
  const made = source ? await citedStack(stack, source, options) : await pageStack(stack, one.id, options);
  if (!made.count) fill(stack, original(one));
  return made;
}
