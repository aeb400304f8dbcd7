// send_out.js - the dialog that writes a document to a place outside (Notion), or over what it was written as before.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get, post} from '../api.js';
import {check, field, formDialog} from './forms.js';
import {toast} from './toast.js';

const PLACES = 200;  // pages there that are offered by name

async function takers() {
  const [all, kinds] = await Promise.all([get('/v1/connections', {limit: 1000}), get('/v1/connections/kinds')]);
  const sends = kinds.items.filter((kind) => kind.sends).map((kind) => kind.name);
  return all.items.filter((one) => one.on && sends.includes(one.kind));
}

// What is known there, to be chosen by its name; another place is pasted.
async function offer(list, connection) {
  const {items} = await get(`/v1/connections/${connection}/items`, {state: 'taken', limit: PLACES});
  list.replaceChildren(...items.map((item) => h('option', {value: item.remote, label: item.name})));
}

export async function sendOut(one) {
  let places;
  try {
    places = await takers();
  } catch (error) {
    return toast(error.message);
  }
  if (!places.length) return toast(t('send.nowhere'));
  const known = h('datalist', {id: 'send-places'});
  const fill = (connection) => offer(known, connection).catch(() => known.replaceChildren());  // it is only a help
  const replace = check({name: 'replace', label: t('send.replace')});
  replace.hidden = true;
  fill(places[0].id);
  return formDialog({
    title: t('send.of', {name: one.name}), submit: t('send.send'), test: 'send-out',
    fields: [field({name: 'connection', label: t('send.to'), options: places.map((place) => [place.id, place.name]), onchange: (event) => fill(event.target.value)}),
      field({name: 'below', label: t('send.below'), hint: t('send.below_hint'), list: 'send-places', maxlength: 200, autocomplete: 'off'}), known, replace],
    send: async ({connection, below, replace: replaces}) => {
      try {
        const sent = await post(`/v1/connections/${connection}/send`, {document: one.id, replace: replaces, ...(below.trim() && {below: below.trim()})});
        toast(t(sent.new ? 'send.made' : 'send.replaced', {name: one.name}));
      } catch (error) {
        replace.hidden = error.code !== 'conflict';
        throw error;
      }
    },
  });
}
