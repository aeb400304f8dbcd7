// slides.js - a presentation: one card for each slide, with its notes below.
import {h, fill, topIn} from '../dom.js';
import {t} from '../texts.js';
import {call} from '../api.js';
import {fromHtml} from '../parts/fragment.js';

export async function showSlides(root, one, {signal, query}) {
  const response = await call('GET', `/v1/documents/${one.id}/text?format=html`, {signal, headers: {Accept: 'text/html'}});
  const {fragment, complete} = fromHtml(await response.text(), {without: ['meta'], pages: true});
  const stack = h('div', {class: 'slides', test: 'slides'});
  let slide = null;
  for (const node of [...fragment.childNodes]) {
    if (node.nodeType === Node.ELEMENT_NODE && node.dataset.page) {
      slide = h('article', {class: 'book slide', data: {page: node.dataset.page}, test: 'slide'}, h('small', {class: 'slide-number'}, t('slides.number', {number: node.dataset.page})));
      stack.append(slide);
    } else if (slide) slide.append(node);
    else if (node.textContent.trim()) stack.append(slide = h('article', {class: 'book slide'}, node));
  }
  fill(root, stack, !complete && h('p', {class: 'pad'}, t('document.too_long')));
  const wanted = query.page && stack.querySelector(`[data-page="${CSS.escape(query.page)}"]`);
  const scroller = root.closest('.scroll');
  if (wanted && scroller) scroller.scrollTop = topIn(wanted, scroller) - 16;
}
