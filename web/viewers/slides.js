// slides.js - a presentation: one card for each slide, with its notes below.
import {h, fill, topIn, bringTo} from '../dom.js';
import {t} from '../texts.js';
import {htmlOf} from './html.js';

export async function showSlides(root, one, {signal, cited, page}) {
  const {fragment, complete} = await htmlOf(one, {signal, cited, pages: true});
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
  const mark = stack.querySelector('mark.passage');
  if (mark) return bringTo(mark);
  const wanted = page && stack.querySelector(`[data-page="${Number(page)}"]`);
  const scroller = root.closest('.scroll');
  if (wanted && scroller) scroller.scrollTop = topIn(wanted, scroller) - 16;
}
