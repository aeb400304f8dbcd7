// texts_signin.js - the words of what is done before anybody is signed in. They come with those pages.

import {learn} from './texts.js';

learn({
  'signin.by': 'Sign in by {title}',
  'signin.or': 'or with a password',
  'signin.forgot': 'Forgot the password?',
  'signin.forgot_title': 'Forgot the password?',
  'signin.forgot_lead': 'A link that sets a new one comes by mail.',
  'signin.forgot_submit': 'Mail me a link',
  'signin.back': 'To the sign-in',

  'profile.name_submit': 'Change name',
  'profile.name_done': 'Name changed',
  'profile.email_new': 'New mail address',
  'profile.email_submit': 'Change mail address',

  'link.invitation_title': 'Welcome',
  'link.invitation_lead': 'Choose a password; then sign in with your mail address.',
  'link.name': 'Name',
  'link.invitation_submit': 'Set the password',
  'link.invitation_done': 'Your account is ready.',
  'link.cut': 'Something of this address is missing. Open the link in the mail again, or copy it whole.',
  'link.password_title': 'Set a new password',
  'link.password_lead': 'You are signed out everywhere, and sign in with the new one.',
  'link.password_submit': 'Set the password',
  'link.password_done': 'The new password holds.',
  'link.email_title': 'Confirm your mail address',
  'link.email_lead': 'From now on you sign in with the address that this link was mailed to.',
  'link.email_submit': 'Confirm',
  'link.email_done': 'The new mail address holds.',
  'link.erasure_title': 'What came of your erasure',
  'link.erasure_lead': 'Each workspace that you were in has a proof: how many rows of which table went, signed by this server.',
  'link.erasure_waiting': 'Begins on {date}.',
  'link.erasure_running': 'It is being done.',
  'link.erasure_done': 'Done on {date}.',
  'link.erasure_proof': 'Download the proof',
});
