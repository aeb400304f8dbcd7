// review.js - one card at a time: the question, then the answer, then how well it was known. ?deck=ID: only its cards.
import {h, fill, say, cleanup} from '../dom.js';
import {t} from '../texts.js';
import {get, post, patch, remove} from '../api.js';
import {bind} from '../keys.js';
import {top} from '../parts/top.js';
import {problem} from '../parts/problem.js';
import {feedback} from '../parts/feedback.js';
import {toast} from '../parts/toast.js';
import {announce} from '../parts/live.js';
import {open as openReader, sourceOf} from '../parts/reader.js';
import {counts, side, hasGap, ring, wait} from '../parts/cards.js';

const RATES = [1, 2, 3, 4];
const TOOK_MAX_MS = 60000;  // whoever left the desk meanwhile did not think for so long

export function render(root, {query}) {
  const undo = cleanup();
  const deck = query.deck || '';
  let queue = null;
  let isShown = false;
  let isBusy = false;
  let done = 0;
  let begun_at = 0;
  const back = h('button', {class: 'small', onclick: takeBack, disabled: true, test: 'review-undo'}, t('review.undo'));
  const head = top(t('review.title'), h('a', {class: 'button small', href: '/study', test: 'review-decks'}, t('review.back')));
  const progress = ring();
  const left = h('span', {test: 'review-left'});
  const tally = h('span', {class: 'deck-counts'});
  const flash = h('article', {class: 'flash', tabindex: -1, test: 'card'});
  const rates = h('div', {class: 'rates'});
  const body = h('div', {class: 'review'}, h('div', {class: 'review-head'}, progress.element, left, tally, back), flash, rates);
  fill(root, head.element, h('div', {class: 'scroll pad'}, body));

  const current = () => queue && queue.items[0];
  const remaining = () => queue.new + queue.learning + queue.review;

  function paintHead() {
    const total = done + remaining();
    progress.show(total ? done / total : 1);
    say(left, t('review.left', {done, total}));
    fill(tally, ...counts(queue).childNodes);
    back.disabled = done === 0;
  }

  function paintOver() {
    fill(body, h('div', {class: 'nothing', test: 'review-done'}, h('h2', {}, t('review.done_title')),
      h('p', {}, done ? t('review.done', {count: done}) : t('review.done_none')),
      h('div', {class: 'row centre'}, done > 0 && back, h('a', {class: 'button primary', href: '/study'}, t('review.back')))));
  }

  const rateButton = (card, rating) => h('button', {class: rating === 3 ? 'primary' : '', onclick: () => rate(rating), test: `rate-${rating}`},
    h('span', {}, t(`review.rate${rating}`), ' ', h('kbd', {}, rating)), h('small', {}, wait(card.next_s[rating - 1])));

  function footOf(card) {
    return h('div', {class: 'flash-foot'},
      card.source && card.source.document && h('button', {class: 'small', onclick: () => openReader(sourceOf(card.source)), test: 'review-source'}, t('review.source')),
      h('button', {class: 'small plain', onclick: aside, test: 'review-aside'}, t('review.aside')), card.tags.map((tag) => h('span', {class: 'chip'}, tag)),
      h('span', {class: 'gap'}), feedback({kind: 'card', id: card.id}));
  }

  function paint() {
    const card = current();
    if (!card) return paintOver();
    if (!flash.isConnected) fill(body, h('div', {class: 'review-head'}, progress.element, left, tally, back), flash, rates);
    paintHead();
    const isGap = hasGap(card.front);
    fill(flash, side(card.front, {isShown: isShown && isGap}), isShown && h('section', {'aria-label': t('review.answer'), class: 'flash-side', test: 'card-back'}, card.back), isShown && footOf(card));
    rates.className = isShown ? 'rates' : 'rates one';
    fill(rates, isShown ? RATES.map((rating) => rateButton(card, rating)) : h('button', {class: 'primary', onclick: show, test: 'card-show'}, h('span', {}, t('review.show'), ' ', h('kbd', {}, '␣'))));
    return undefined;
  }

  function show() {
    if (!current() || isShown) return false;
    isShown = true;
    paint();
    flash.focus({preventScroll: true});
    announce(current().back);
    return true;
  }

  async function load() {
    try {
      queue = await get('/v1/study/due', {deck, limit: 1});
      isShown = false;
      begun_at = performance.now();
      paint();
      if (current()) announce(current().front);
    } catch (error) {
      fill(flash, problem(error, load));
    }
  }

  // One thing at a time: a key that is held down rates one card.
  async function once(run) {
    if (isBusy) return;
    isBusy = true;
    try {
      await run();
    } catch (error) {
      toast(error.message);
    } finally {
      isBusy = false;
    }
  }

  function rate(rating) {
    const card = current();
    if (!card || !isShown) return false;
    once(async () => {
      await post('/v1/study/reviews', {card: card.id, rating, took_ms: Math.round(Math.min(TOOK_MAX_MS, performance.now() - begun_at))});
      done++;
      await load();
    });
    return true;
  }

  function takeBack() {
    if (!done) return false;
    once(async () => {
      const {card} = await remove('/v1/study/reviews/last');
      done--;
      await load();
      // The card that was taken back stands first, wherever it is in the queue.
      const again = (await get('/v1/study/due', {deck, limit: 200})).items.find((one) => one.id === card.id);
      if (again) queue.items = [again];
      paint();
      toast(t('review.undone'));
    });
    return true;
  }

  function aside() {
    const card = current();
    once(async () => {
      await patch(`/v1/study/cards/${card.id}`, {is_suspended: true});
      toast(t('review.aside_done'), {undo: () => patch(`/v1/study/cards/${card.id}`, {is_suspended: false}).then(load, (error) => toast(error.message))});
      await load();
    });
  }

  // A control that has the focus keeps its own Space and Enter.
  const isControl = (event) => event.target instanceof Element && event.target.closest('a, button');
  undo.add(bind({
    ' ': (event) => !isControl(event) && show(),
    Enter: (event) => !isControl(event) && show(),
    ...Object.fromEntries(RATES.map((rating) => [String(rating), () => rate(rating)])),
    'u': takeBack,
    'Mod+z': takeBack,
  }));
  load();
  return {cleanup: undo, title: t('review.title'), focus: head.heading};
}
