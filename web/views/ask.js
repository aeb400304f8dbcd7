// ask.js - questions and answers, each claim with its source beside it. /ask is a new conversation, /ask/ID an old one;
// ?n=2 is the open source of the last answer, ?q= a question to ask at once.
import {h, fill, cleanup, focusGently, isNarrow} from '../dom.js';
import {t} from '../texts.js';
import {get, patch, stream, errorFrom, ApiError} from '../api.js';
import {state, on, emit} from '../state.js';
import {bind} from '../keys.js';
import {note, withQuery} from '../router.js';
import {top} from '../parts/top.js';
import {invite, questions} from '../parts/invite.js';
import {composer} from '../parts/composer.js';
import {problem} from '../parts/problem.js';
import {feedback} from '../parts/feedback.js';
import {notices} from '../parts/notices.js';
import {icon} from '../parts/icons.js';
import {toast} from '../parts/toast.js';
import {announce} from '../parts/live.js';
import {askedTurn, branchArrows, talkTools} from '../parts/talk_tools.js';
import {paintProse, sourceRows, steps, keyOf} from '../parts/answer.js';
import * as reader from '../parts/reader.js';

// One answer on the page. `view` gives ask(), opened(turn, index).
function answerTurn(view, message = {}) {
  const turn = {message: {citations: [], sources: [], text: '', steps: [], ...message}, open: -1, sources: []};
  const parts = {steps: h('div', {}), prose: h('div', {class: 'prose', test: 'answer-text'}), sources: h('div', {}), foot: h('div', {class: 'answer-foot'})};
  turn.element = h('article', {class: 'answer', test: 'answer', 'aria-label': t('answer.title')}, parts.steps, parts.prose, parts.sources, parts.foot);
  let due = false;

  turn.paint = () => {
    due = false;
    fill(parts.steps, turn.message.steps.length > 0 && steps(turn.message.steps));
    paintProse(parts.prose, turn.message);
    const rows = sourceRows(turn.message);
    turn.sources = rows.sources;
    fill(parts.sources, rows.element);
    mark();
  };
  // Words arrive many times a second; they are laid out once a frame.
  turn.soon = () => {
    if (!due) requestAnimationFrame(() => due && turn.paint());
    due = true;
  };
  turn.finish = () => {
    turn.paint();
    turn.element.dataset.done = 'yes';
    const {message: one} = turn;
    if (one.found === false || one.refused) turn.element.dataset.refused = 'yes';
    fill(parts.foot, one.chat_direction && h('p', {class: 'hint', test: 'direction'}, one.chat_direction), one.id && h('div', {class: 'answer-tools'}, branchArrows(one, view.show),
      h('button', {class: 'icon', 'aria-label': t('talk.again'), title: t('talk.again'), onclick: () => view.again(turn), test: 'answer-again'}, icon('retry')), feedback(one)),
    one.suggestions && one.suggestions.length > 0 && h('div', {class: 'questions'},
      one.suggestions.map((text) => h('button', {class: 'question', test: 'suggestion', onclick: () => view.ask(text)}, text))));
  };
  turn.fail = (error, retry) => {
    turn.paint();
    turn.element.dataset.done = 'cut';
    fill(parts.foot, problem(error, retry));
  };

  function mark() {
    const source = turn.sources[turn.open];
    for (const chip of parts.prose.querySelectorAll('.cite')) {
      chip.setAttribute('aria-pressed', String(Boolean(source) && Number(chip.dataset.number) === source.number));
    }
    const rows = [...parts.sources.querySelectorAll('.source')];
    rows.forEach((row, i) => {
      row.toggleAttribute('aria-current', false);
      if (i === turn.open) row.setAttribute('aria-current', 'true');
      row.tabIndex = i === Math.max(0, turn.open) ? 0 : -1;
    });
  }
  // What was read and not cited is walked only once it is unfolded.
  turn.reach = () => {
    const cited = (turn.message.citations || []).length;
    const rest = parts.sources.querySelector('details');
    return cited && turn.open < cited && !(rest && rest.open) ? cited : turn.sources.length;
  };
  turn.show = (index, {focus} = {}) => {
    turn.open = index;
    mark();
    const row = parts.sources.querySelectorAll('.source')[index];
    if (row && focus) {
      const details = row.closest('details');
      if (details) details.open = true;
      row.focus({preventScroll: true});
      row.scrollIntoView({block: 'nearest'});
    }
  };
  turn.element.addEventListener('click', (event) => {
    const pressed = event.target.closest('button.cite, .source');
    if (!pressed) return;
    const index = pressed.classList.contains('source')
      ? turn.sources.findIndex((one) => keyOf(one) === pressed.dataset.key)
      : turn.sources.findIndex((one) => one.number === Number(pressed.dataset.number));
    if (index >= 0) view.opened(turn, index);
  });
  return turn;
}

function emptyState() {
  const few = !state.statistics || state.statistics.documents > 0;
  return h('div', {class: 'ask-empty'}, few
    ? [h('h2', {class: 'display'}, t('ask.empty_title')), h('p', {class: 'lead'}, t('ask.empty_text')), state.hasSample && h('div', {class: 'questions'}, questions())]
    : invite(), notices());
}

// Conversation, stream and sources of one showing of the view.
class Talk {
  constructor(root, params) {
    this.undo = cleanup();
    this.params = params;
    this.conversation = params.id || null;
    this.turns = [];
    this.tools = h('span', {class: 'row talk-tools'});
    this.show = (id) => this.shown(id);
    // On a phone the line above has no room for them.
    this.head = top(params.id ? t('ask.conversation') : t('ask.title'), !isNarrow() && this.tools);
    this.talk = h('div', {class: 'talk', test: 'talk'});
    this.scroller = h('div', {class: 'scroll talk-scroll'}, isNarrow() && this.tools, this.talk);
    this.composer = composer({ask: (question, collections, extra) => this.ask(question, collections, extra), chosen: (persona) => this.chosen(persona), stop: () => this.abort && this.abort.abort()});
    fill(root, this.head.element, this.scroller, this.composer.element);
    this.undo.add(() => this.abort && this.abort.abort());
    this.undo.add(() => this.composer.end());
    this.undo.add(bind(this.keys()));
    this.undo.add(on('walk-sources', (by) => this.walk(by)));
    // The invitation gives way once there is something to ask, but never under a pointer.
    const settle = () => this.wasEmpty && state.statistics.documents > 0 && !this.scroller.matches(':hover') && this.begin();
    this.undo.add(on('counts', settle));
    this.undo.listen(this.scroller, 'pointerleave', settle);
    if (params.id) this.load();
    else this.begin();
  }

  keys() {
    const walk = (by) => () => this.walk(by);
    return {j: walk(1), k: walk(-1), ArrowDown: walk(1), ArrowUp: walk(-1), ArrowRight: walk(1), ArrowLeft: walk(-1)};
  }

  // Arrows walk the sources of the answer that has the focus, else of the last one, once one is open.
  walk(by) {
    const active = document.activeElement;
    const inside = this.turns.find((turn) => turn.element.contains(active));
    const turn = inside || this.opened_;
    if (!turn || !turn.sources.length || (!inside && !reader.isOpen())) return false;
    if (active && active.closest && active.closest('.reader-body')) return false;
    const next = Math.max(0, Math.min(turn.reach() - 1, turn.open + by));
    this.opened(turn, next, {focus: Boolean(inside)});
    return true;
  }

  begin() {
    this.wasEmpty = Boolean(state.statistics) && state.statistics.documents === 0;
    fill(this.talk, emptyState());
    this.composer.focus();
    if (this.params.query.q) {
      note('/ask');
      this.ask(this.params.query.q);
    }
  }

  async load() {
    fill(this.talk, h('div', {class: 'bone wide'}), h('div', {class: 'bone'}), h('div', {class: 'bone'}));
    try {
      const one = await get(`/v1/conversations/${this.conversation}`);
      this.known(one);
      fill(this.talk);
      this.turns = [];
      for (const message of one.messages) this.old(message);
      this.scroller.scrollTop = this.scroller.scrollHeight;
      const last = this.turns.at(-1);
      const n = Number(this.params.query.n);
      if (last && n > 0 && n <= last.sources.length) this.opened(last, n - 1);
    } catch (error) {
      fill(this.talk, problem(error, () => this.load()));
    }
  }

  // What the head and the composer show of a conversation.
  known(one) {
    this.title(one.title);
    this.composer.persona(one.persona);
    fill(this.tools, talkTools(one, (changed) => this.known(changed)));
  }

  async chosen(persona) {
    if (this.conversation) await patch(`/v1/conversations/${this.conversation}`, {persona: persona ? persona.id : ''}).catch((error) => toast(error.message));
    const empty = !this.turns.length && this.talk.querySelector('.ask-empty .lead');
    if (empty) empty.textContent = (persona && persona.greeting) || t('ask.empty_text');
  }

  // Another version of a message, and what follows it.
  async shown(id) {
    try {
      await patch(`/v1/conversations/${this.conversation}`, {shown: id});
      await this.load();
    } catch (error) {
      toast(error.message);
    }
  }

  // Takes an element of the talk away, and all below it: something else comes there.
  cut(element) {
    while (element.nextSibling) element.nextSibling.remove();
    element.remove();
    this.turns = this.turns.filter((turn) => turn.element.isConnected);
    this.opened_ = null;
  }

  asked(message) {
    return askedTurn(message, {show: this.show, edit: (text, element) => {
      if (this.abort) return;
      this.cut(element);
      this.ask(text, null, {edits: message.id});
    }});
  }

  again(turn) {
    if (this.abort) return;
    this.cut(turn.element);
    this.ask('', null, {again: turn.message.id});
  }

  title(text) {
    if (!text) return;
    this.head.heading.textContent = text;
    this.head.heading.title = text;
    document.title = `${text} · ${t('name')}`;
  }

  old(message) {
    if (message.role === 'summary') return this.talk.append(h('details', {class: 'hint', test: 'summary'}, h('summary', {}, t('talk.summary')), message.text));
    if (message.role === 'user') return this.talk.append(this.asked(message));
    const turn = answerTurn(this, {...(message.details || {}), ...message});
    this.turns.push(turn);
    this.talk.append(turn.element);
    turn.finish();
  }

  // extra: {edits} or {again}, ids of messages that this one stands beside; {persona}.
  async ask(question, collections, extra = {}) {
    if (this.abort) return;
    this.wasEmpty = false;
    if (!this.turns.length && !this.conversation) fill(this.talk);
    const turn = answerTurn(this);
    const said = extra.again ? null : this.asked({text: question, sound: extra.sound});
    this.turns.push(turn);
    if (said) this.talk.append(said);
    turn.said = said;
    this.talk.append(turn.element);
    turn.element.dataset.done = 'no';
    this.scroller.scrollTop = this.scroller.scrollHeight;
    if (!this.conversation) this.title(question);
    announce(t('ask.working'));
    const again = () => {
      if (said) said.remove();
      turn.element.remove();
      this.turns.splice(this.turns.indexOf(turn), 1);
      this.ask(question, collections, extra);
    };
    await this.stream(turn, {question, collections, extra}, again);
  }

  async stream(turn, {question, collections, extra}, again) {
    this.abort = new AbortController();
    this.composer.busy(true);
    let done = false;
    const body = {...extra, stream: true};
    if (!extra.again) body.question = question;
    if (this.conversation) body.conversation = this.conversation;
    if (collections) body.collections = collections;
    try {
      await stream('/v1/ask', body, (name, data) => {
        if (name === 'error') throw errorFrom(200, data.error ? data : {error: data});
        if (name === 'done') done = true;
        if (name === 'done' && (extra.edits || extra.again)) return this.load();
        this.heard(turn, name, data);
      }, this.abort.signal);
      // An answer that was cut looks like a whole one; it must not pass for it.
      if (!done) throw new ApiError('cut', t('ask.cut'), 0);
    } catch (error) {
      turn.fail(error.name === 'AbortError' ? new ApiError('cut', t('ask.stopped'), 0) : error instanceof ApiError ? error : new ApiError('cut', t('ask.cut'), 0), again);
    } finally {
      this.abort = null;
      this.composer.busy(false);
    }
    if (done && body.conversation && !extra.edits && !extra.again) this.catchUp();
  }

  heard(turn, name, data) {
    const {message} = turn;
    if (name === 'step') message.steps.push(data.text);
    else if (name === 'delta') message.text += data.text;
    else if (name === 'restart') Object.assign(message, {text: '', citations: []});
    else if (name === 'source') message.citations.push(data);
    else if (name === 'done') return this.done(turn, data);
    turn.soon();
    const {scroller} = this;
    if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120) requestAnimationFrame(() => { scroller.scrollTop = scroller.scrollHeight; });
  }

  done(turn, data) {
    turn.message = {...turn.message, ...data, text: data.answer};
    turn.finish();
    if (turn.said) turn.said.tools(data.question_id);
    announce(data.answer);
    if (data.conversation && data.conversation !== this.conversation) {
      this.conversation = data.conversation;
      note(`/ask/${data.conversation}`);
      get(`/v1/conversations/${data.conversation}`).then((one) => this.known(one), () => null);
    }
    emit('conversations');
    // Wide: the first source opens by itself, so that the claim has its proof beside it. Narrow: it would cover the answer.
    if (!isNarrow() && turn.sources.length && data.found !== false) this.opened(turn, 0);
  }

  // Another tab may have gone on in this conversation: what was said there stands between.
  async catchUp() {
    const one = await get(`/v1/conversations/${this.conversation}`).catch(() => null);
    const answers = one ? one.messages.filter((message) => message.role === 'assistant').length : 0;
    const summaries = one ? one.messages.filter((message) => message.role === 'summary').length : 0;
    if (this.abort || (answers <= this.turns.filter((turn) => turn.message.id).length && summaries <= this.talk.querySelectorAll('[data-test=summary]').length)) return;
    await this.load();
  }

  opened(turn, index, {focus} = {}) {
    if (this.opened_ && this.opened_ !== turn) this.opened_.show(-1);
    this.opened_ = turn;
    turn.show(index, {focus});
    const source = turn.sources[index];
    const back = document.activeElement;
    reader.open(reader.sourceOf(source), {
      index, count: turn.reach(),
      step: (by) => this.opened(turn, Math.max(0, Math.min(turn.reach() - 1, turn.open + by))),
      onclose: () => {
        turn.show(-1);
        note(withQuery({n: null}));
        if (back && back.isConnected) focusGently(back);
      },
    });
    if (turn === this.turns.at(-1) && this.conversation) note(withQuery({n: index + 1}));
  }
}

export function render(root, params) {
  const talk = new Talk(root, params);
  return {cleanup: talk.undo, title: t('ask.title'), focus: talk.composer.element.querySelector('textarea')};
}
