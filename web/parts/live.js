// live.js - one polite sentence for those who listen to the page rather than look at it.
import {debounce} from '../dom.js';

export const announce = debounce(150, (text) => {
  document.getElementById('live').textContent = text;
});
