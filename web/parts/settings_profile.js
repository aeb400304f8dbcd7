// settings_profile.js - a person's own name and mail address.
import {h} from '../dom.js';
import {t} from '../texts.js';
import {get, patch, post} from '../api.js';
import {state} from '../state.js';
import {field, form} from './forms.js';
import {toast} from './toast.js';
import '../texts_signin.js';

function name(user) {
  return form({
    test: 'profile-name', submit: t('profile.name_submit'),
    fields: [field({name: 'name', label: t('setup.name'), value: user.name, required: true, autocomplete: 'name', maxlength: 200})],
    send: async (values) => {
      await patch('/v1/session', values);
      state.session = await get('/v1/session');
      toast(t('profile.name_done'));
    },
  });
}

function email() {
  return form({
    test: 'profile-email', submit: t('profile.email_submit'),
    fields: [field({name: 'email', label: t('profile.email_new'), type: 'email', required: true, autocomplete: 'email'}),
             field({name: 'password', label: t('settings.password_old'), type: 'password', required: true, autocomplete: 'current-password'})],
    send: async (values, element) => {
      const {message} = await post('/v1/session/email', values);
      element.replaceWith(h('p', {role: 'status', test: 'profile-email-done'}, message));
    },
  });
}

export function forms(user) {
  return h('section', {}, h('h2', {}, t('setup.name')), name(user), h('h2', {}, t('session.email')), email());
}
