// asked.js - what label sets are not sure of, one at a time: Enter agrees, a number chooses another label. ?set=ID: only of that set.
import {h, fill, say, cleanup} from '../dom.js';
import {t, percentText} from '../texts.js';
import {get, post} from '../api.js';
import {bind} from '../keys.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {announce} from '../parts/live.js';

const AHEAD = 50;
const KEYS = 9;

// The words that say so, marked in what a person decides by.
function sampleOf(one) {
  const {quote} = one.evidence;
  const at = quote ? one.sample.indexOf(quote) : -1;
  if (at < 0) return h('p', {class: 'asked-text', test: 'asked-text'}, one.sample);
  return h('p', {class: 'asked-text', test: 'asked-text'}, one.sample.slice(0, at), h('mark', {}, quote), one.sample.slice(at + quote.length));
}

export function render(root, {query}) {
  const undo = cleanup();
  let queue = [];
  let isBusy = false;
  const left = h('span', {test: 'asked-left'});
  const head = top(t('asked.title'), left, h('a', {class: 'button small', href: query.set ? `/labels/${query.set}` : '/labels'}, t('labels.back')));
  const body = h('div', {class: 'scroll pad deciding'});
  fill(root, head.element, body);

  const over = () => h('div', {class: 'nothing', test: 'asked-over'}, h('h2', {}, t('asked.over_title')), h('p', {}, t('asked.over')));
  const said = (one) => {
    const percent = percentText(Math.round(100 * one.confidence));
    return one.labels.length ? t('asked.said', {label: one.labels.join(', '), percent}) : t('asked.none_said', {percent});
  };

  function choice(one, score, i) {
    return h('button', {class: one.labels.includes(score.label) ? 'primary' : '', onclick: () => choose(i), test: 'asked-choice', 'aria-keyshortcuts': i < KEYS ? String(i + 1) : null},
      score.label, ' ', i < KEYS && h('kbd', {}, i + 1));
  }

  function paint() {
    const one = queue[0];
    say(left, queue.length ? t('asked.left', {count: queue.length}) : '');
    if (!one) return fill(body, over());
    fill(body, h('article', {class: 'asked-card', test: 'asked-card'}, h('p', {class: 'lead'}, h('b', {}, one.label_set.name), ' · ', one.name), sampleOf(one), h('p', {test: 'asked-said'}, said(one))),
      h('div', {class: 'asked-choices'}, one.scores.map((score, i) => choice(one, score, i))),
      h('div', {class: 'row'}, h('button', {onclick: confirm, test: 'asked-confirm'}, t('asked.confirm'), ' ', h('kbd', {}, '⏎')), h('button', {class: 'plain', onclick: skip, test: 'asked-skip'}, t('asked.skip'), ' ', h('kbd', {}, 's')),
        one.document && h('a', {class: 'button plain', href: `/documents/${one.document}?show=report`}, t('asked.open'))));
    announce(said(one));
    return undefined;
  }

  async function decide(path, with_) {
    if (isBusy || !queue.length) return;
    isBusy = true;
    try {
      await post(`/v1/classifications/${queue[0].id}/${path}`, with_);
      queue.shift();
      if (queue.length) paint();
      else await load();
    } catch (error) {
      toast(error.message);
    } finally {
      isBusy = false;
    }
  }

  function confirm() {
    decide('confirm');
    return true;
  }

  // Of several labels the number chooses that one alone; the rest is done on the document.
  function choose(i) {
    const one = queue[0];
    if (!one || i >= one.scores.length) return false;
    decide('correct', {labels: [one.scores[i].label]});
    return true;
  }

  function skip() {
    if (!queue.length) return false;
    queue.push(queue.shift());
    paint();
    return true;
  }

  async function load() {
    try {
      queue = (await get('/v1/classifications', {state: 'asked', label_set: query.set, limit: AHEAD})).items;
      paint();
    } catch (error) {
      fill(body, problem(error, load));
    }
  }

  const keys = {Enter: confirm, s: skip};
  for (let i = 0; i < KEYS; i++) keys[String(i + 1)] = () => choose(i);
  undo.add(bind(keys));
  load();
  return {cleanup: undo, title: t('asked.title'), focus: head.heading};
}
