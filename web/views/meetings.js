// meetings.js - my meetings, whether a bot goes to each and why not, and the calendars that they come from.
import {h, fill, cleanup, keepFocus} from '../dom.js';
import {t, fullDate} from '../texts.js';
import {get, post} from '../api.js';
import {mayAdminister, mayWrite} from '../state.js';
import {go, note, withQuery} from '../router.js';
import {field, formDialog} from '../parts/forms.js';
import {follow} from '../parts/follow.js';
import {problem} from '../parts/problem.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';
import * as services from '../parts/bot_services.js';
import * as calendars from '../parts/calendars.js';
import {botChip, callOff, reasonText, sendBot} from '../parts/meeting_bot.js';

const DAY_MS = 86400000;
const PAST_DAYS = 60;
const MOST = 100;
const LOG_MOST = 50;

function askMeeting() {
  formDialog({
    title: t('meet.name_one'), submit: t('do.save'), test: 'meeting',
    fields: [field({name: 'title', label: t('meet.title_of'), required: true, maxlength: 300, autocomplete: 'off'}), field({name: 'meeting_url', label: t('meet.link'), type: 'url', required: true, autocomplete: 'off'}),
      field({name: 'starts_at', label: t('meet.starts'), type: 'datetime-local', required: true})],
    send: async (values) => {
      const starts = new Date(values.starts_at);
      const made = await post('/v1/meetings', {title: values.title, meeting_url: values.meeting_url, ...(!Number.isNaN(starts.getTime()) && {starts_at: starts.toISOString()})});
      go(`/meetings/${made.id}`);
    },
  });
}

export function render(root, {query}) {
  const undo = cleanup();
  let when = query.when === 'past' ? 'past' : 'coming';
  const head = workHead('meetings', t('work.meetings'), mayWrite() && h('button', {class: 'small', onclick: askMeeting, test: 'meeting-add'}, t('meet.name_one')));
  const list = h('ul', {class: 'lines', test: 'meetings'}, h('li', {class: 'bone wide'}));
  const choose = h('select', {class: 'chip', 'aria-label': t('meet.when'), test: 'meetings-when', onchange: () => {
    when = choose.value;
    note(withQuery({when: when === 'past' ? 'past' : ''}));
    load();
  }}, ['coming', 'past'].map((name) => h('option', {value: name, selected: name === when}, t(`meet.${name}`))));
  const log = h('ul', {class: 'lines'});
  const why = h('details', {class: 'fold', test: 'meetings-log', ontoggle: () => { if (why.open) paintLog(); }}, h('summary', {}, t('meet.log')), log);
  const own = h('section', {class: 'stacked'});
  const sending = h('section', {class: 'stacked'});
  fill(root, head.element, h('div', {class: 'scroll pad work'}, h('div', {class: 'row wrap'}, choose, h('span', {class: 'gap'}), mayWrite() && h('button', {class: 'small', onclick: sendAll, test: 'meetings-send-all'}, t('meet.send_all'))), list, why, own, sending));

  async function sendAll() {
    try {
      const told = await post('/v1/meeting-bots/all', {});
      toast(t('meet.sent_all', {scheduled: told.scheduled.length, skipped: told.skipped.length, failed: told.failed.length}));
    } catch (error) {
      toast(error.message);
    }
    load();
  }

  async function paintLog() {
    try {
      const {items} = await get('/v1/meeting-bots/log', {limit: LOG_MOST});
      const rows = items.map((one) => h('li', {class: 'line', test: 'log-row'}, h('a', {class: 'line-name', href: `/meetings/${one.meeting}`}, h('b', {}, t(`meet.log_${one.outcome}`)), one.reason && h('small', {class: 'wraps'}, one.reason), h('small', {}, fullDate(one.created_at)))));
      fill(log, rows.length ? rows : h('li', {class: 'status'}, t('meet.log_none')));
    } catch (error) {
      fill(log, h('li', {}, problem(error, paintLog)));
    }
  }

  function rowOf(one, bot) {
    const facts = [fullDate(one.starts_at), one.link && t(`meet.link_${one.link.kind}`), one.state === 'cancelled' && t('meet.cancelled'), one.minutes && t('meet.has_minutes')].filter(Boolean).join(' · ');
    const act = (run) => run().then(load);
    return h('li', {class: 'line', test: 'meeting-row', data: {id: one.id}}, h('a', {class: 'line-name', href: `/meetings/${one.id}`, test: 'meeting-open'}, h('b', {}, one.title), h('small', {}, facts), bot && reasonText(bot) && h('small', {class: bot.state === 'failed' ? 'bad' : ''}, reasonText(bot))),
      bot && botChip(bot), mayWrite() && when === 'coming' && (bot && !bot.is_over ? h('button', {class: 'small', onclick: () => act(() => callOff(bot)), test: 'bot-leave'}, t('meet.call_off'))
        : one.link && h('button', {class: 'small', onclick: () => act(() => sendBot(one, Boolean(bot))), test: 'bot-send'}, t('meet.send'))));
  }

  async function load() {
    const now = Date.now();
    const span = when === 'past' ? {from: new Date(now - PAST_DAYS * DAY_MS).toISOString(), until: new Date(now).toISOString()} : {from: new Date(now - DAY_MS / 24).toISOString()};
    try {
      const [meetings, bots] = await Promise.all([get('/v1/meetings', {...span, limit: MOST}), get('/v1/meeting-bots', {limit: MOST})]);
      const botOf = (meeting) => bots.items.find((bot) => bot.meeting === meeting.id);
      const shown = when === 'past' ? meetings.items.reverse() : meetings.items;
      keepFocus(list, 'id', () => fill(list, shown.length ? shown.map((one) => rowOf(one, botOf(one)))
        : h('li', {class: 'nothing', test: 'meetings-empty'}, h('h2', {}, t(when === 'past' ? 'meet.none_past' : 'meet.none')), h('p', {}, t('meet.empty')))));
    } catch (error) {
      fill(list, h('li', {}, problem(error, load)));
    }
  }

  const soon = follow(undo, ['meeting', 'meeting_bot', 'calendar'], load);
  load();
  calendars.render(own, soon);
  if (mayAdminister()) services.render(sending);
  return {cleanup: undo, title: t('work.meetings'), focus: head.heading};
}
