// texts.js - every word of the page, and how numbers, dates, sizes and times are written. Another language is another
// catalogue of the same keys. {name} is filled in; a text with forms {one, other} is chosen by {count}.

import {FIELDS} from './texts_fields.js';
import {GATEWAY} from './texts_gateway.js';
import {LABELS} from './texts_labels.js';
import {STUDY} from './texts_study.js';
import {SUMMARY} from './texts_summary.js';
import {TALKS} from './texts_talks.js';
import {TASKS} from './texts_tasks.js';
import {WORK} from './texts_work.js';

const CATALOGUE = {
  ...FIELDS,
  ...GATEWAY,
  ...LABELS,
  ...STUDY,
  ...SUMMARY,
  ...TALKS,
  ...TASKS,
  ...WORK,
  'name': 'Lectern',
  'skip': 'Skip to the content',

  'rail.title': 'Main',
  'rail.ask': 'Ask',
  'rail.search': 'Search',
  'rail.library': 'Library',
  'rail.conversations': 'History',
  'rail.settings': 'Settings',
  'rail.collections': 'Collections',
  'access.restricted': 'Restricted',
  'access.open': 'Who can see this',
  'rail.recent': 'Recent',
  'rail.notices': {one: '{shown} notice', other: '{shown} notices'},
  'top.find': 'Find anything',

  'do.again': 'Try again',
  'do.retry': 'Retry',
  'do.cancel': 'Cancel',
  'do.close': 'Close',
  'do.save': 'Save',
  'do.copy': 'Copy',
  'do.rename': 'Rename',
  'do.remove': 'Remove',
  'do.tag': 'Tag',
  'do.move': 'Move',
  'do.trash': 'Move to trash',
  'do.restore': 'Restore',
  'do.erase': 'Erase now',
  'do.library': 'Go to the library',
  'toast.undo': 'Undo',

  'error.network': 'The server does not answer. Check that it runs and that you are connected.',
  'error.internal': 'Something went wrong on the server.',
  'error.unauthorized': 'You are signed out. Sign in again.',
  'error.forbidden': 'Your role does not allow this. Ask an administrator of the workspace.',
  'error.not_found': 'There is no such thing here any more.',
  'error.conflict': 'It is there already, or has changed meanwhile.',
  'error.too_large': 'That is larger than this server takes.',
  'error.unsupported': 'Files of this kind are not read here.',
  'error.empty': 'It was read, but there is nothing of this kind in it.',
  'error.encrypted': 'It needs its password.',
  'error.damaged': 'The file is broken.',
  'error.rate_limited': 'Too many requests. Wait a little.',
  'error.upstream': 'Another service failed.',
  'error.busy': 'The server is busy. Try again in a moment.',
  'error.timeout': 'It took too long.',
  'error.disk_full': 'There is no room on the server’s disk. Erase something or make room.',
  'error.number': 'Report it with the number {id}.',

  'setup.title': 'Make the first account',
  'setup.lead': 'It owns this library and can let others in. Everything stays on this server.',
  'setup.submit': 'Create account',
  'setup.token': 'Set-up token',
  'setup.token_hint': 'The server wrote it to its log when it started.',
  'setup.name': 'Name',
  'setup.password_hint': 'At least 10 characters; a few words are easiest to remember.',
  'setup.workspace': 'Workspace',
  'setup.workspace_hint': 'May stay empty. For example your company or family.',
  'session.title': 'Sign in',
  'session.lead': 'To your library.',
  'session.email': 'E-mail',
  'session.password': 'Password',
  'session.submit': 'Sign in',
  'session.out': 'Sign out',
  'session.expired': 'You were signed out. Sign in to go on where you were.',

  'add.files': 'Add files',
  'add.folder': 'Add a folder',
  'add.short': 'Add',
  'drop.here': 'Drop to add to the library',
  'drop.into': 'Drop to add to {name}',
  'drop.reader': 'Your role may read this library but not add to it. Ask an administrator.',
  'drop.nothing': 'There are no files in what you dropped.',

  'invite.title': 'Drop files or folders anywhere',
  'invite.text': 'They are read, become searchable within seconds, and answer your questions with the page beside them.',
  'invite.sample': 'Add the sample library',
  'invite.formats': 'Reads {shown} kinds of files: {families}.',
  'invite.ask': 'Or ask the sample library',
  'invite.question_1': 'What does a berth cost a night?',
  'invite.question_2': 'When did the schooner Freya run aground?',
  'invite.question_3': 'Who answers on VHF channel 12?',

  'tray.title': 'What is running',
  'tray.running': {one: '{shown} running', other: '{shown} running'},
  'tray.ready': {one: '{shown} searchable', other: '{shown} searchable'},
  'tray.done': {one: '{shown} done', other: '{shown} done'},
  'tray.failed': {one: '{shown} failed', other: '{shown} failed'},
  'tray.clear': 'Clear finished',
  'tray.left': '{time} left',
  'tray.cancel': 'Cancel {name}',
  'tray.retry': 'Retry {name}',
  'tray.password': 'Password',
  'tray.password_for': 'Password of {name}',
  'tray.unlock': 'Unlock',
  'tray.too_large': '{size} is more than the {most} this server takes',
  'tray.unsent': {one: '{count} file was not sent when the page closed. Drop it again.',
                  other: '{count} files were not sent when the page closed. Drop them again: what has arrived is not added twice.'},

  'stage.waiting': 'waiting to be sent',
  'stage.sending': 'sending {loaded} of {total}',
  'stage.queued': 'waiting its turn',
  'stage.reading': 'reading',
  'stage.reading_at': 'reading {done}',
  'stage.reading_of': 'reading {done} of {total}',
  'stage.pages': 'reading pages',
  'stage.ocr': 'recognising text, page',
  'stage.speech': 'writing down speech',
  'stage.pictures': 'looking at pictures',
  'stage.slides': 'reading slides',
  'stage.sheets': 'reading sheets',
  'stage.chapters': 'reading chapters',
  'stage.members': 'reading members',
  'stage.unpacking': 'unpacking',
  'stage.indexing': 'indexing',
  'stage.embedding': 'embedding',
  'stage.counted': '{words} {done} of {total}',
  'stage.searchable_and': 'searchable · {words}',
  'stage.ready': 'searchable',
  'stage.working': 'at work',
  'stage.done': 'done',
  'stage.job_failed': 'did not work',
  'stage.duplicate': 'searchable · was here already',
  'stage.cancelled': 'cancelled',
  'stage.failed': 'could not be read',
  'stage.encrypted': 'needs its password',
  'stage.wrong_password': 'that password does not open it',

  'count.documents': {one: '{shown} document', other: '{shown} documents'},
  'count.slides': {one: '{shown} slide', other: '{shown} slides'},
  'count.pages': {one: '{shown} page', other: '{shown} pages'},
  'count.files': {one: '{shown} file', other: '{shown} files'},
  'count.warnings': {one: '{shown} warning', other: '{shown} warnings'},
  'count.tokens': {one: '{shown} token', other: '{shown} tokens'},

  'library.title': 'Library',
  'library.filter': 'Filter by name or type:pdf',
  'library.trash': 'Trash',
  'library.trash_empty': 'The trash is empty',
  'library.trash_text': 'What you move here stays 30 days, unless this server is set otherwise.',
  'library.failed_only': 'Documents that could not be read',
  'library.none': 'No document fits these filters',
  'library.all': 'Show all documents',
  'library.collection_empty': 'This collection is empty',
  'library.collection_text': 'Drop files here, or press M on documents in the library to move them.',
  'library.more': 'Show more',
  'library.select': 'Select {name}',
  'library.selected': 'With the selected documents',
  'library.count_selected': {one: '{shown} selected', other: '{shown} selected'},

  'filter.title': 'Filters',
  'filter.format': 'Any type',
  'filter.collection': 'Any collection',
  'filter.tag': 'Any tag',
  'filter.state': 'Any state',
  'filter.document': 'In one document',
  'filter.ready': 'searchable',
  'filter.after': 'From',
  'filter.before': 'Until',
  'filter.label_format': 'Type',
  'filter.label_collection': 'Collection',
  'filter.label_tag': 'Tag',
  'filter.label_state': 'State',
  'filter.label_order': 'Order',
  'filter.label_quality': 'How well it was read',
  'filter.quality': 'Any reading',
  'filter.exact': 'One type',
  'filter.families': 'Kinds',
  'filter.forget': 'Take this filter away',
  'filter.label_mode': 'How to search',
  'order.newest': 'Newest first',
  'order.oldest': 'Oldest first',
  'order.name': 'By name',
  'order.size': 'By size',
  'mode.hybrid': 'Words and meaning',
  'mode.keyword': 'Words only',
  'mode.semantic': 'Meaning only',
  'mode.private': 'Private',

  'collection.new': 'New collection',
  'collection.edit': 'Rename collection',
  'collection.name': 'Name',
  'collection.description': 'What it is for',
  'collection.draws_tasks': 'Find tasks in new documents',
  'collection.draws_tasks_hint': 'They are suggested, and done by nobody until you accept them.',
  'collection.keep_days': 'Keep documents for so many days',
  'collection.keep_days_hint': 'Then they go to the trash, counted from their last change. Empty: they stay. What has a list of its own stays too. Nothing goes within a day of changing this.',
  'collection.due': 'Within 30 days {count} of its documents go to the trash; the next is {name}, {when}.',
  'collection.none_due': 'Nothing of it goes to the trash within 30 days.',
  'collection.create': 'Create',
  'collection.removed': 'Removed {name}. Its documents stay in the library.',

  'documents.rename': 'Rename',
  'documents.name': 'Name',
  'documents.title': 'Title',
  'documents.title_hint': 'What the document calls itself.',
  'documents.tag': 'Tags of {name}',
  'documents.tags': 'Tags',
  'documents.tags_hint': 'Separated by commas.',
  'documents.move': 'Move {name}',
  'documents.move_submit': 'Move',
  'documents.collection': 'Collection',
  'documents.no_collection': 'No collection',
  'documents.unlock': 'Unlock {name}',
  'documents.trashed': 'Moved {name} to the trash',
  'documents.restored': 'Restored {name}',
  'documents.erased': 'Erasing {name}: text, passages and original',

  'family.document': 'Documents',
  'family.sheet': 'Spreadsheets',
  'family.slides': 'Slides',
  'family.mail': 'Mail',
  'family.picture': 'Pictures',
  'family.sound': 'Sound',
  'family.video': 'Video',
  'family.archive': 'Archives',
  'family.data': 'Data',
  'family.code': 'Code',

  'facts.file': 'The file',
  'facts.pixels': 'Size in pixels',
  'facts.coordinates': 'Coordinates',
  'facts.copy': 'Copy {text}',
  'facts.selected': 'It is selected: copy it with your keyboard.',

  'quality.excellent': 'Excellent reading',
  'quality.good': 'Good reading',
  'quality.fair': 'Fair reading',
  'quality.poor': 'Poor reading',
  'quality.why': 'Why',
  'quality.left_out': 'Left out or uncertain',
  'quality.left_out_count': {one: '{shown} note', other: '{shown} notes'},

  'members.find': 'Find a file inside by its name',
  'members.search': 'Search inside',
  'members.none': 'No file inside has this name',
  'members.inside': 'Where it is',
  'members.attachments': {one: '{shown} attachment', other: '{shown} attachments'},

  'sheet.tabs': 'Sheets',
  'sheet.hidden': 'hidden',
  'sheet.empty': 'This sheet is empty',
  'sheet.rows': {one: '{shown} row shown', other: '{shown} rows shown'},

  'slides.number': 'Slide {number}',
  'media.transcript': 'What is said',
  'media.none': 'Nothing that is said in it was written down.',
  'media.from': 'Play from {time}',
  'media.failed': 'This browser does not play it. Download the original.',
  'picture.failed': 'This picture could not be drawn.',
  'mail.no_text': 'The message has no text.',

  'document.title': 'Document',
  'document.shows': 'What to show',
  'document.show_pages': 'Pages',
  'document.show_view': 'Document',
  'document.show_text': 'Text',
  'document.show_passages': 'Passages',
  'document.show_files': 'Files inside',
  'document.show_details': 'Details',
  'document.show_picture': 'Picture',
  'document.show_sheet': 'Sheets',
  'document.show_slides': 'Slides',
  'document.show_mail': 'Message',
  'document.show_media': 'Play',
  'document.show_transcript': 'Lines by time',
  'document.show_code': 'Lines',
  'document.original': 'Original',
  'document.search_in': 'Search in it',
  'document.too_long': 'The document goes on. Its whole text is under Text.',
  'document.more_text': 'Show more text',
  'document.from_start': 'Show from the beginning',
  'document.path': 'Path',
  'document.format': 'Type',
  'document.size': 'Size',
  'document.pages': 'Pages',
  'document.language': 'Language',
  'document.version': 'Version',
  'document.added': 'Added',
  'document.changed': 'Changed',
  'document.media_type': 'Media type',
  'document.passages': 'Passages',
  'document.files': 'Files inside',
  'document.date': 'Date of the document',
  'document.checksum': 'SHA-256',

  'reader.title': 'Source',
  'reader.close': 'Close the source',
  'reader.previous': 'Previous passage',
  'reader.next': 'Next passage',
  'reader.of': '{at} of {count}',
  'reader.page_of': 'page {page} of {count}',
  'reader.page_picture': 'Page {page}',
  'reader.page_failed': 'This page could not be drawn.',
  'reader.quote': 'The passage',

  'search.title': 'Search',
  'search.label': 'Search the library',
  'search.placeholder': 'Search words or meaning',
  'search.hint': '"quoted words" must appear · -word must not · type:pdf · author:smith · pages>10 · before:2019 · (a OR b)',
  'search.results': 'Results',
  'search.found': {one: '{shown} passage', other: '{shown} passages'},
  'search.listed': {one: '{shown} document', other: '{shown} documents, the newest first'},
  'search.status': '{found} · {took} ms',
  'search.nothing': 'Nothing found for {query}',
  'search.nothing_text': 'Try fewer or other words, or take a filter away.',
  'search.nothing_strict': 'Try it without {words}, or take a filter away.',

  'search.meant': 'Did you mean',
  'saved.title': 'Saved searches',
  'saved.save': 'Save this search',
  'saved.replace': 'Update “{name}”',
  'saved.replaced': '{name} searches for this now',
  'saved.name': 'Name',
  'saved.done': 'Saved as {name}',
  'saved.rename': 'Rename the search',
  'saved.rename_of': 'Rename {name}',
  'saved.remove': 'Remove {name}',
  'saved.removed': '{name} removed',
  'saved.new': {one: '{shown} new', other: '{shown} new'},
  'saved.ran': 'looked at {ago}',
  'saved.never': 'not looked at yet',
  'facets.title': 'Narrow down',
  'facets.title_of': {one: 'Narrow down {shown} document', other: 'Narrow down {shown} documents'},
  'facets.show': {one: '{shown} more', other: '{shown} more'},
  'facets.more': {one: 'and one more', other: 'and {shown} more'},
  'recent.title': 'Searched lately',
  'recent.forget': 'Forget {query}',
  'recent.forget_all': 'Forget all',
  'missed.results': 'Looked for in vain',
  'missed.results_lead': 'What people searched for without any result.',
  'missed.opening': 'Found, but not opened',
  'missed.opening_lead': 'What people searched for without opening any of the results.',
  'missed.times': {one: 'once', other: '{shown} times'},
  'search.more': 'Show more',
  'search.like': 'More like this',
  'search.like_whole': 'Like {name}',
  'search.like_part': 'Like this passage of {name}',
  'search.nothing_like': 'Nothing else is like it',
  'search.copies': {one: 'and one copy', other: 'and {shown} copies'},
  'search.alike': {one: 'one more in this document', other: '{shown} more in this document'},
  'search.passages': 'Other passages of this document',
  'search.group': 'By document',
  'search.group_hint': 'One result for each document',
  'search.fresh': 'Newer first',
  'search.fresh_hint': 'How new a document is counts too',
  'understood.title': 'What was understood',
  'understood.not': 'not {text}',
  'complete.title': 'Operators and values',
  'operator.type': 'Type',
  'operator.file': 'File',
  'operator.tag': 'Tag',
  'operator.collection': 'Collection',
  'operator.in': 'In',
  'operator.lang': 'Language',
  'operator.after': 'After',
  'operator.before': 'Before',
  'operator.until': 'Until',

  'why.open': 'Why',
  'why.title': 'What this score is made of',
  'why.keyword': 'Words',
  'why.semantic': 'Meaning',
  'why.neighbours': 'Similar results',
  'why.exact': 'Exact wording',
  'why.named': 'Title or file name',
  'why.rerank': 'Second reading',
  'why.fresh': 'Freshness',
  'why.sum': 'Fits {percent}',
  'why.legs': 'How each came to its share',
  'why.terms': 'What the words add',
  'why.leg': 'Found by',
  'why.rank': 'Place',
  'why.rank_hint': 'Among all that this way of searching found',
  'why.score': 'Score',
  'why.score_hint': 'BM25 of the words; cosine of the angle between the meanings',
  'why.score_keyword': 'BM25 {score}',
  'why.score_semantic': 'cosine {score}',
  'why.normal': 'Of the best',
  'why.normal_hint': 'The score between the worst result of this way, 0, and its best, 1',
  'why.weight': 'Weight',
  'why.weight_hint': 'How much this way counts',
  'why.kept': 'Kept',
  'why.kept_hint': 'What is left when similar results, exact wording and the like have had their part',
  'why.share': 'Share',
  'why.share_hint': 'What it adds to the result’s score',
  'why.word': 'Word',
  'why.idf': 'Rarity',
  'why.idf_hint': 'How few passages of the library have it (idf)',
  'why.title_field': 'Title',
  'why.title_field_hint': 'How often it is in the title',
  'why.heading_field': 'Headings',
  'why.heading_field_hint': 'How often it is in the headings',
  'why.body_field': 'Text',
  'why.body_field_hint': 'How often it is in the text',
  'why.tf': 'Counts as',
  'why.tf_hint': 'Occurrences, those in titles and headings counted more (tf)',
  'why.bm25': 'BM25',
  'why.bm25_hint': 'Rarity times how much the occurrences count in a passage of this length',
  'why.no_keyword': 'Not among the best by its words.',
  'why.no_semantic': 'Not among the best by its meaning.',

  'judge.good': 'Right for this search',
  'judge.bad': 'Wrong for this search',
  'judge.kept': 'Judged',
  'judge.taken_back': 'No longer judged',

  'lab.title': 'Measure',

  'score.fit': 'Fits {percent}',
  'score.keyword': 'words',
  'score.semantic': 'meaning',
  'score.keyword_none': 'words –',
  'score.semantic_none': 'meaning –',
  'score.rank': '#{rank}',

  'ask.title': 'Ask',
  'ask.conversation': 'Conversation',
  'ask.label': 'Ask the library',
  'ask.placeholder': 'Ask the library, or type / for a command',
  'ask.placeholder_narrow': 'Ask the library',
  'ask.hint': 'Shift+Enter for a new line',
  'ask.submit': 'Ask',
  'ask.stop': 'Stop',
  'ask.where': 'Where to look',
  'ask.everywhere': 'Whole library',
  'ask.by': 'How answers are made',
  'ask.extractive': 'Quoted passages',
  'ask.working': 'Looking for an answer',
  'ask.cut': 'The answer was cut off before its end.',
  'ask.stopped': 'You stopped this answer.',
  'ask.empty_title': 'What do you want to know?',
  'ask.empty_text': 'Every sentence of the answer names its source, and the source opens beside it.',

  'answer.title': 'Answer',
  'answer.source': 'Source {number}',
  'answer.sources': 'Sources',
  'answer.also_read': 'Also read',
  'answer.nearest': 'Nearest passages',
  'answer.unsupported': 'no passage supports this',

  'feedback.good': 'Good answer',
  'feedback.bad': 'Bad answer',
  'feedback.why': 'Why? (may stay empty)',
  'feedback.send': 'Send',
  'feedback.thanks': 'Kept with the answer',
  'feedback.kept': 'Rating kept',
  'feedback.wrong_source': 'Wrong source',
  'feedback.incomplete': 'Incomplete',
  'feedback.not_true': 'Not true',
  'feedback.not_asked': 'Not what I asked',

  'conversations.title': 'History',
  'conversations.new': 'New question',
  'conversations.rename': 'Rename conversation',
  'conversations.name': 'Title',
  'conversations.untitled': 'Untitled',
  'conversations.removed': 'Removed {title}',
  'conversations.pin': 'Pin',
  'conversations.unpin': 'Unpin',
  'conversations.none': 'Nothing asked yet',
  'conversations.start': 'Ask the first question',

  'palette.title': 'Find anything',
  'palette.placeholder': 'Type a place, an action or a file name',
  'palette.ask': 'Ask a question',
  'palette.search': 'Search the library',
  'palette.measure': 'Measure searching',
  'palette.saved': 'saved search',
  'palette.search_for': 'Search for “{text}”',
  'palette.ask_for': 'Ask “{text}”',
  'palette.collection': 'collection',
  'palette.conversation': 'conversation',
  'palette.document': 'document',

  'keys.title': 'Keyboard',
  'keys.palette': 'Find anything',
  'keys.slash': 'Go to the field for asking, searching or filtering',
  'keys.walk': 'Next and previous row, source or page',
  'keys.enter': 'Open',
  'keys.why': 'Why a result stands where it does',
  'keys.like': 'More like a result',
  'keys.judge': 'Right and wrong result',
  'keys.sources': 'Walk the sources of an answer',
  'keys.escape': 'Close the source, leave the document, forget the selection',
  'keys.select': 'Select a document',
  'keys.tag': 'Tag, and M to move to a collection',
  'keys.rename': 'Rename',
  'keys.trash': 'Move to the trash',
  'keys.undo': 'Undo',
  'keys.help': 'These keys',

  'settings.title': 'Settings',
  'settings.account': 'Account',
  'settings.keys': 'API keys',
  'settings.models': 'Models',
  'settings.notices': 'Notices',
  'settings.tools': 'Tools',
  'settings.limits': 'Limits',
  'settings.policy': 'Privacy and cache',
  'settings.batches': 'Files and batches',
  'settings.usage': 'Usage',
  'settings.people': 'People',
  'settings.server': 'Server',
  'role.reader': 'reader',
  'role.editor': 'editor',
  'role.admin': 'admin',
  'role.owner': 'owner',

  'keys_api.copied': 'Copied',

  'missing.title': 'Nothing here',
  'missing.text': 'This address leads nowhere.',

  'time.seconds': '{count} s',
  'time.minutes': '{count} min',
  'time.hours': '{count} h',
};

const LANGUAGE = 'en';
// The words are ours; numbers and dates are written as where the reader is: "22 November 2026, 16:05" and "1.234,5" for en-DE.
const LOCALE = `${LANGUAGE}-${new Intl.Locale(navigator.language || LANGUAGE).maximize().region}`;
const plurals = new Intl.PluralRules(LANGUAGE);
const money = new Intl.NumberFormat(LOCALE, {style: 'currency', currency: 'USD'});
const smallMoney = new Intl.NumberFormat(LOCALE, {style: 'currency', currency: 'USD', maximumSignificantDigits: 2});
const numbers = new Intl.NumberFormat(LOCALE);
const decimals = new Intl.NumberFormat(LOCALE, {minimumFractionDigits: 2, maximumFractionDigits: 2});
const percents = new Intl.NumberFormat(LOCALE, {style: 'percent', maximumFractionDigits: 0});
const lists = new Intl.ListFormat(LANGUAGE, {type: 'conjunction'});
const dates = new Intl.DateTimeFormat(LOCALE, {dateStyle: 'long', timeStyle: 'short'});
const shortDates = new Intl.DateTimeFormat(LOCALE, {day: 'numeric', month: 'short', year: 'numeric'});
const relative = new Intl.RelativeTimeFormat(LANGUAGE, {numeric: 'auto', style: 'short'});

export const has = (key) => key in CATALOGUE;
// Words that the first view does not need.
export const learn = (words) => Object.assign(CATALOGUE, words);

// What this server calls itself.
export const rename = (name) => { CATALOGUE.name = name || CATALOGUE.name; };

export function t(key, values = {}) {
  const entry = CATALOGUE[key];
  if (entry === undefined) return key;
  const text = typeof entry === 'string' ? entry : entry[plurals.select(values.count)] || entry.other;
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : name === 'shown' ? numbers.format(values.count) : all));
}

export const number = (value) => numbers.format(value ?? 0);
export const decimal = (value) => decimals.format(value);
// Dollars; what is less than a cent keeps two digits that say something.
export const dollars = (value) => (value && Math.abs(value) < 0.01 ? smallMoney : money).format(value);
export const percentText = (value) => percents.format(value / 100);
export const list = (items) => lists.format(items);

// Sizes in units of 1,000, as shops and most systems count.
export function bytes(value) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let size = value || 0;
  let at = 0;
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000;
    at++;
  }
  const digits = at > 0 && size < 10 ? 1 : 0;
  return new Intl.NumberFormat(LOCALE, {style: 'unit', unit: units[at], unitDisplay: at ? 'short' : 'long', maximumFractionDigits: digits}).format(size);
}

export function duration(seconds) {
  if (seconds < 60) return t('time.seconds', {count: Math.max(1, Math.ceil(seconds))});
  if (seconds < 3600) return t('time.minutes', {count: Math.ceil(seconds / 60)});
  return t('time.hours', {count: decimals.format(seconds / 3600)});
}

// "12:03" or "1:02:03", as the places of recordings are written.
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value) => String(value).padStart(2, '0');
  const tail = `${Math.floor(whole / 60) % 60}:${two(whole % 60)}`;
  return whole < 3600 ? tail : `${Math.floor(whole / 3600)}:${tail.padStart(5, '0')}`;
}

// The seconds at which "12:03-12:09" begins; null when it is no time.
export function clockSeconds(text) {
  const found = /(?:^|[ ,])(?:(\d+):)?(\d{1,2}):(\d{2})(?:-|$|,)/.exec(text || '');
  return found ? Number(found[1] || 0) * 3600 + Number(found[2]) * 60 + Number(found[3]) : null;
}

// A date of a document as far as it is given: "2008", "2008-05", a day, or a moment. One without a zone is the clock
// of whoever wrote it, and is shown as that.
export function factDate(text) {
  const parts = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?(?:[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
  if (!parts) return text;
  const [, year, month, day, hour, minute, zone] = parts;
  if (!month) return year;
  if (zone) return dates.format(new Date(text));
  const moment = new Date(Number(year), Number(month) - 1, Number(day || 1), Number(hour || 0), Number(minute || 0));
  if (Number.isNaN(moment.getTime())) return text;
  const style = hour ? {dateStyle: 'long', timeStyle: 'short'} : day ? {dateStyle: 'long'} : {month: 'long', year: 'numeric'};
  return new Intl.DateTimeFormat(LOCALE, style).format(moment);
}

const languages = new Intl.DisplayNames(LANGUAGE, {type: 'language', fallback: 'code'});
export function languageName(code) {
  try {
    return languages.of(code.replace('_', '-'));
  } catch {
    return code;
  }
}

export const fullDate = (text) => (text ? dates.format(new Date(text)) : '');

export function ago(text) {
  if (!text) return '';
  const then = new Date(text);
  const minutes = Math.round((then - Date.now()) / 60000);
  if (Math.abs(minutes) < 60) return relative.format(minutes, 'minute');
  if (Math.abs(minutes) < 60 * 24) return relative.format(Math.round(minutes / 60), 'hour');
  if (Math.abs(minutes) < 60 * 24 * 7) return relative.format(Math.round(minutes / 1440), 'day');
  return shortDates.format(then);
}

// Ctrl or the Apple key, as this machine names it.
export function modKey(key) {
  const apple = /Mac|iPhone|iPad/.test(navigator.platform);
  return apple ? `⌘${key}` : `Ctrl ${key}`;
}
