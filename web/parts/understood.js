// understood.js - what the server made of a query: a chip for each condition, and the place of an error under its characters.
import {h, fill} from '../dom.js';
import {t, has} from '../texts.js';
import {collectionName} from '../state.js';
import {icon} from './icons.js';

const SIGNS = {'>=': '≥', '<=': '≤', '>': '>', '<': '<'};

function wordsOf(part) {
  const key = part.key ? (has(`operator.${part.key}`) ? t(`operator.${part.key}`) : part.key.replace(/_/g, ' ')) : '';
  const value = part.key === 'collection' ? collectionName(part.value) || part.value : part.value;
  if (part.kind !== 'filter') return part.kind === 'phrase' ? `“${value}”` : value;
  return SIGNS[part.op] && !has(`operator.${part.key}`) ? `${key} ${SIGNS[part.op]} ${value}` : `${key}: ${value}`;
}

// Filters, phrases and exclusions; plain words need no chip. `forget(start, end)` takes a part out of the text.
export function chipsOf(understood, forget) {
  return (understood || []).filter((part) => part.kind !== 'word').map((part) => {
    const text = part.negated || part.kind === 'exclude' ? t('understood.not', {text: wordsOf(part)}) : wordsOf(part);
    return h('button', {class: 'chip', type: 'button', data: {set: 'yes', kind: part.kind}, title: t('filter.forget'), test: 'understood',
      onclick: () => forget(part.start, part.end)}, h('span', {}, text), icon('close'));
  });
}

// The same text as in the field, unseen, with a wavy line where it is wrong; and the sentence that says why.
export class Wrong {
  constructor(input) {
    this.input = input;
    this.mirror = h('div', {class: 'mirror', 'aria-hidden': 'true'});
    this.sentence = h('p', {class: 'wrong', id: 'query-wrong', role: 'alert', hidden: true, test: 'query-wrong'});
    input.addEventListener('scroll', () => { this.mirror.scrollLeft = input.scrollLeft; });
  }

  show(error) {
    const {start, end} = error.position;
    const text = this.input.value;
    const at = Math.min(start, text.length);
    fill(this.mirror, text.slice(0, at), h('u', {test: 'wrong-part'}, text.slice(at, Math.max(end, at + 1)) || ' '));
    this.mirror.scrollLeft = this.input.scrollLeft;
    this.sentence.textContent = error.message;
    this.sentence.hidden = false;
    this.input.setAttribute('aria-invalid', 'true');
    this.input.setAttribute('aria-describedby', 'query-wrong');
  }

  clear() {
    fill(this.mirror);
    this.sentence.hidden = true;
    this.input.removeAttribute('aria-invalid');
    this.input.removeAttribute('aria-describedby');
  }
}
