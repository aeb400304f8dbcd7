// texts_signin.js - the words of signing in by another service. They come with the sign-in page.

import {learn} from './texts.js';

learn({
  'signin.by': 'Sign in by {title}',
  'signin.or': 'or with a password',
});
