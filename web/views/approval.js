// approval.js - one thing that people have to approve: what it is, with its document beside, and the decision.
import {h, fill, cleanup} from '../dom.js';
import {t, fullDate} from '../texts.js';
import {get, patch, post} from '../api.js';
import {state, emit, mayAdminister} from '../state.js';
import {follow} from '../parts/follow.js';
import {field, form, formDialog, valuesOf} from '../parts/forms.js';
import {problem} from '../parts/problem.js';
import * as reader from '../parts/reader.js';
import {schemaFields} from '../parts/schema_form.js';
import {toast} from '../parts/toast.js';
import {workHead} from '../parts/work_tabs.js';
import {approvalChip, deadlineText} from '../parts/approval_state.js';

const ROOM = '(min-width: 1200px)';  // for a document beside

export function render(root, {id}) {
  const undo = cleanup();
  const path = `/v1/approvals/${id}`;
  const me = state.session.user.id;
  let one = null;
  let document = null;
  let edited = null;     // the form of what may be edited: {element, read()}
  undo.add(() => reader.close());
  const head = workHead('approvals', t('work.approvals'));
  const about = h('div', {class: 'work-card', test: 'approval'}, h('div', {class: 'bone wide'}));
  const people = h('section', {class: 'stacked', hidden: true});
  const past = h('ul', {class: 'lines', test: 'approval-history'});
  const comment = form({test: 'comment', submit: t('approval.comment'), fields: field({name: 'text', label: t('approval.comment_hint'), type: 'area', rows: 2, required: true, maxlength: 4000}),
    send: async (values, element) => {
      await post(`${path}/comments`, values);
      element.reset();
      load();
    }});
  fill(root, head.element, h('div', {class: 'scroll pad work'}, about, people, h('h2', {}, t('approval.history')), comment, past));

  const showDocument = () => reader.open({document, page: document.paged ? 1 : undefined, quote: ''});

  async function send(run, said) {
    try {
      one = await run();
      emit('told');
      if (said) toast(said);
    } catch (error) {
      toast(error.message);
    }
    load();
  }

  const decision = (verb, reason) => ({decision: verb, reason: reason || undefined, version: one.version, ...(edited && {fields: edited.read()})});
  const approve = () => send(() => post(`${path}/decision`, decision('approve')), t('approval.approved'));

  function askReason(test, title, submit, isRequired, run) {
    formDialog({
      title, submit, test,
      fields: field({name: 'reason', label: t(isRequired ? 'approval.reason' : 'approval.reason_optional'), type: 'area', required: isRequired, maxlength: 4000}),
      send: async ({reason}) => {
        await run(reason);
        emit('told');
        load();
      },
    });
  }

  const deny = () => askReason('deny', t('approval.deny_of', {title: one.title}), t('approval.deny'), true, (reason) => post(`${path}/decision`, decision('deny', reason)));
  const takeBack = () => askReason('take-back', t('approval.take_back'), t('approval.take_back'), false, (reason) => post(`${path}/cancel`, {reason}));

  function delegate() {
    formDialog({
      title: t('approval.delegate'), submit: t('approval.delegate'), test: 'delegate',
      fields: [field({name: 'to', label: t('approval.delegate_to'), hint: t('approval.delegate_hint'), required: true, autocomplete: 'off'}), field({name: 'reason', label: t('approval.reason_optional'), type: 'area'})],
      send: async (values) => {
        await post(`${path}/delegate`, values);
        emit('told');
        load();
      },
    });
  }

  const asked = () => one.people.find(({user, decision: said}) => user === me && !said);

  function actions() {
    if (one.state !== 'waiting') return null;
    return h('div', {class: 'row wrap'}, asked() && [h('button', {class: 'primary', onclick: approve, test: 'approve'}, t('approval.approve')), h('button', {onclick: deny, test: 'deny-open'}, t('approval.deny')),
      h('button', {onclick: delegate, test: 'delegate-open'}, t('approval.delegate'))], (one.requester === me || mayAdminister()) && h('button', {onclick: takeBack, test: 'take-back-open'}, t('approval.take_back')));
  }

  // What its schema allows may be changed before it is decided; else it is only shown.
  function fieldsPart() {
    edited = null;
    if (!one.fields) return null;
    if (one.state !== 'waiting' || !one.schema || !one.schema.properties || !(asked() || one.requester === me))
      return h('dl', {class: 'facts', test: 'approval-fields'}, Object.entries(one.fields).map(([name, value]) => [h('dt', {}, name.replaceAll('_', ' ')), h('dd', {}, typeof value === 'string' ? value : JSON.stringify(value))]));
    const made = schemaFields(one.schema, one.fields, {prefix: 'fields_'});
    const element = h('form', {class: 'form', test: 'approval-form', onsubmit: (event) => {
      event.preventDefault();
      send(() => patch(path, {fields: read(), version: one.version}), t('approval.edited'));
    }}, made.fields, made.more, h('div', {class: 'actions'}, h('button', {class: 'small', test: 'approval-form-submit'}, t('approval.edit'))));
    const read = () => ({...one.fields, ...made.read(valuesOf(element))});
    edited = {read};
    return element;
  }

  function paintPeople() {
    people.hidden = one.people.length === 0;
    const groupsOf = (person) => one.groups.filter(({group}) => person.groups.includes(group)).map(({name}) => name).join(', ');
    const row = (person) => h('li', {class: 'line', test: 'approval-person'}, h('span', {class: 'line-name'}, h('b', {}, person.user === me ? t('approval.me', {name: person.name || ''}) : person.name || person.user), groupsOf(person) && h('small', {}, groupsOf(person)), person.reason && h('small', {class: 'wraps'}, person.reason),
      person.at && h('small', {}, [fullDate(person.at), person.by_mail && t('approval.by_mail')].filter(Boolean).join(' · '))), h('span', {class: 'chip', data: {tone: {approved: 'good', denied: 'bad'}[person.decision] || ''}}, t(`approval.said_${person.decision || 'nothing'}`)));
    fill(people, h('h2', {}, t('approval.people')), h('ul', {class: 'lines'}, one.people.map(row)));
  }

  function paint() {
    const facts = [t('approval.needs', {have: one.approved, count: one.quorum}), t('approval.asked_at', {date: fullDate(one.created_at)}), one.state === 'waiting' && deadlineText(one), one.is_escalated && t('approval.escalated'), ...one.groups.filter(({quorum}) => quorum).map((group) => t('approval.needs_of', {name: group.name, have: group.approved, shown: group.quorum}))].filter(Boolean).join(' · ');
    fill(about, h('div', {class: 'row wrap'}, h('h2', {class: 'grow'}, one.title), approvalChip(one)), h('p', {class: 'status'}, facts),
      one.text && h('p', {class: 'approval-text'}, one.text), one.reason && h('p', {class: 'warning', test: 'approval-reason'}, one.reason),
      document && h('div', {class: 'row wrap'}, h('a', {href: `/documents/${document.id}`, test: 'approval-document'}, document.name), h('button', {class: 'small', onclick: showDocument, test: 'approval-beside'}, t('approval.beside'))),
      fieldsPart(), actions());
    paintPeople();
  }

  const detail = (changes) => changes.text || [changes.verdict && t(`approval.said_${changes.verdict}`), changes.state && t(`approval.state_${changes.state}`), changes.reason, changes.after && `${changes.before} → ${changes.after}`].filter(Boolean).join(': ');
  const nameOf = (user) => (user === me ? state.session.user.name : (one.people.find((person) => person.user === user) || {}).name) || '';

  async function paintPast() {
    const {items} = await get(`${path}/history`, {limit: 100});
    fill(past, items.map((each) => h('li', {class: 'line', test: 'approval-event'}, h('span', {class: 'line-name'}, h('b', {}, [t(`approval.did_${each.action.replace(/^approval\./, '')}`), nameOf(each.user)].filter(Boolean).join(' · ')),
      detail(each.changes) && h('small', {class: 'wraps'}, detail(each.changes)), h('small', {}, fullDate(each.at))))));
  }

  async function load() {
    try {
      const isFirst = !one;
      one = await get(path);
      if (one.document && !document) document = await get(`/v1/documents/${one.document}`).catch(() => null);
      paint();
      if (isFirst && document && matchMedia(ROOM).matches) showDocument();
      await paintPast();
    } catch (error) {
      fill(about, problem(error, load));
    }
  }

  // Somebody who is typing is not interrupted by what others do meanwhile.
  follow(undo, ['approval'], () => !about.contains(globalThis.document.activeElement) && load(), {concerns: (told) => told.id === id});
  load();
  return {cleanup: undo, title: t('work.approvals'), focus: head.heading};
}
