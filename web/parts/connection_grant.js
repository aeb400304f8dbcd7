// connection_grant.js - the dialogs that have a service grant a connection its tokens (OAuth 2), instead of a secret.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {post} from '../api.js';
import {check, dialog, field, formDialog} from './forms.js';

export const GRANTED = ['github', 'imap', 'notion'];  // kinds that take tokens

// The service has to know where people come back to, so that is told beside the link that leads there.
function showLink({url, redirect_uri: back}) {
  dialog({
    title: t('grant.next'), test: 'grant-next', roomy: true,
    body: h('div', {class: 'stacked'}, h('p', {}, t('grant.register')), h('input', {class: 'secret', readonly: true, value: back, 'aria-label': t('grant.redirect'), test: 'grant-redirect'}),
      h('p', {}, h('a', {class: 'button primary', href: url, target: '_blank', rel: 'noopener', test: 'grant-open'}, t('grant.open')))),
  });
}

export function askGrant(one) {
  formDialog({
    title: t('grant.of', {name: one.name}), submit: t('grant.begin'), test: 'grant', roomy: true,
    fields: [h('p', {class: 'status'}, t('grant.lead')), field({name: 'authorize_url', label: t('grant.authorize_url'), type: 'url', required: true, autocomplete: 'off'}), field({name: 'token_url', label: t('grant.token_url'), type: 'url', required: true, autocomplete: 'off'}),
      field({name: 'client_id', label: t('grant.client_id'), required: true, autocomplete: 'off'}), field({name: 'client_secret', label: t('grant.client_secret'), type: 'password', autocomplete: 'new-password'}),
      field({name: 'scope', label: t('grant.scope'), autocomplete: 'off'}), check({name: 'secret_in_header', label: t('grant.secret_in_header')})],
    send: async (values) => {
      const said = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
      const answer = await post(`/v1/connections/${one.id}/authorize`, said);
      setTimeout(showLink, 0, answer);  // when this dialog is closed
    },
  });
}
