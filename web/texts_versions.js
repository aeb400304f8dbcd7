// texts_versions.js - the words of documents that have had other files. They come with the parts that show them.

import {learn} from './texts.js';

learn({
  'versions.new': 'New version',
  'versions.put': 'Put in its place',
  'versions.lead': 'Its tags, sharing and collection stay. Until the new file has been read, the one before is found.',
  'versions.file': 'File',
  'versions.taken': '{name} has a new version. It is found once it has been read.',
  'versions.title': 'Versions',
  'versions.number': 'Version {version}',
  'versions.older': 'This is version {version}. The newest is {newest}.',
  'versions.newest': 'Show the newest',
});
