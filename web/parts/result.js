// result.js - one row of a search: where it stands, what it says, why, and what else is like it.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {address} from '../api.js';
import {scoreBar, legs, marked} from './score.js';
import {whyPanel} from './why.js';

// Other documents' passages like one document, or like one passage of it.
export const likeAddress = (document, ordinal) => address('/search', {like: document, part: ordinal});

// "Why" opens under its result; the reader stays as it is.
function whyButton(result) {
  const button = h('button', {class: 'plain small', tabindex: -1, 'aria-expanded': 'false', test: 'why-open', onclick: () => {
    const shown = button.closest('.result').querySelector('.why-panel');
    if (shown) shown.remove();
    else button.closest('.result-foot').after(whyPanel(result));
    button.setAttribute('aria-expanded', String(!shown));
  }}, t('why.open'));
  return button;
}

// Passages elsewhere that say the same, by the names of their documents.
function copies(result) {
  const list = result.copies || [];
  return list.length > 0 && h('details', {class: 'copies', test: 'copies'}, h('summary', {}, t('search.copies', {count: list.length})),
    h('ul', {}, list.map((one) => h('li', {}, h('a', {href: `/documents/${one.document.id}?start=${one.start}&end=${one.end}`}, one.document.name), one.place && h('small', {}, ` ${one.place}`)))));
}

const passageList = (list, opened) => h('ul', {class: 'passages', 'aria-label': t('search.passages')}, list.map((one) => h('li', {},
  h('button', {class: 'plain', test: 'passage', onclick: () => opened(one)}, h('small', {}, one.place), h('span', {}, one.snippet || one.text)))));

// Of a list of documents: the other passages of each, to open beside.
const passages = ({passages: list = []}, opened) => list.length > 0 && passageList(list, opened);

// Passages beside it that show nearly the same.
const alike = ({alike: list}, opened) => list.length > 0 && h('details', {class: 'copies', test: 'alike'}, h('summary', {}, t('search.alike', {count: list.length})), passageList(list, opened));

// Conditions without words find nothing by its words or meaning: they list.
const isListed = ({ranks}) => !ranks.keyword && !ranks.semantic;

export function resultRow(result, index, opened) {
  const {place, heading} = result;
  const where = [place, (place || '').includes(heading) ? '' : heading].filter(Boolean).join(' · ');
  const like = h('a', {class: 'button plain small', tabindex: -1, href: likeAddress(result.document.id, result.ordinal), test: 'like'}, t('search.like'));
  return h('li', {class: 'result', tabindex: -1, data: {index}, test: 'result'},
    h('div', {class: 'result-head'}, h('span', {class: 'result-name', title: result.document.path}, result.document.name), h('small', {}, where), isListed(result) ? h('span', {class: 'result-acts'}, like) : scoreBar(result.score)),
    h('p', {class: 'snippet'}, marked(result.snippet || result.text, result.highlights)),
    !isListed(result) && h('div', {class: 'result-foot'}, legs(result), h('span', {class: 'result-acts'}, like, result.explanation && whyButton(result))),
    alike(result, opened), copies(result), passages(result, opened));
}
