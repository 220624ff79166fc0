/** Every text that the element itself shows or says. A translation may leave texts out; English fills the gaps. */
export type Strings = typeof en

const en = {
  assistant: 'Assistant',
  assistantSaid: 'Assistant said:',
  attach: 'Add photos and files',
  blockedImage: (alt: string) => (alt ? `Image not loaded: ${alt}` : 'Image not loaded'),
  cancel: 'Cancel',
  chatActions: (title: string) => `Actions for ${title}`,
  chats: 'Chats',
  close: 'Close',
  closedThread: 'This conversation is closed.',
  code: 'Code',
  composerLabel: 'Message',
  connectionLost: 'The connection was lost. The answer may still be going on.',
  conversation: 'Conversation',
  copied: 'Copied',
  copy: 'Copy',
  copyCode: 'Copy code',
  dateToday: 'Today',
  dateYesterday: 'Yesterday',
  dateWeek: 'Previous 7 days',
  dateMonth: 'Previous 30 days',
  dateOlder: 'Older',
  delete: 'Delete',
  deleteQuestion: 'Delete this chat?',
  deleteWarning: (title: string) => `“${title}” will be deleted for good.`,
  dismiss: 'Dismiss',
  dropFiles: 'Drop files here to attach them',
  failed: 'Something went wrong. Please try again.',
  feedbackBad: 'Bad answer',
  feedbackGood: 'Good answer',
  feedbackThanks: 'Thank you for your feedback',
  fileEmpty: (name: string) => `${name} is empty.`,
  fileTooLarge: (name: string, limit: string) => `${name} is too large; the limit is ${limit}.`,
  fileTypeRefused: (name: string) => `${name} is not a kind of file that can be attached here.`,
  generatedImage: 'Generated image',
  generatingImage: 'Creating an image',
  greeting: 'What can I help with today?',
  hideSteps: 'Hide steps',
  history: 'Chat history',
  jumpToLatest: 'Jump to the latest message',
  leftAction: 'Header action, left',
  loadMore: 'Load more',
  loadOlder: 'Show earlier messages',
  loading: 'Loading',
  lockedThread: 'This conversation is locked.',
  models: 'Model',
  newChat: 'New chat',
  noChats: 'Your chats will appear here.',
  placeholder: 'Message the AI',
  otherAnswer: 'Another answer',
  reconnecting: 'Connection lost. Reconnecting…',
  removeFile: (name: string) => `Remove ${name}`,
  rename: 'Rename',
  renameLabel: 'New title',
  retry: 'Retry',
  rightAction: 'Header action, right',
  save: 'Save',
  send: 'Send message',
  skip: 'Skip',
  skipped: 'Skipped',
  sources: (count: number) => (count === 1 ? '1 source' : `${count} sources`),
  sourceNumber: (number: number, title: string) => `Source ${number}: ${title}`,
  stepLoading: 'In progress',
  stepComplete: 'Complete',
  stop: 'Stop answering',
  submit: 'Submit',
  suggestions: 'Suggestions',
  thinking: 'Thinking…',
  thought: (seconds: string) => `Thought for ${seconds}`,
  tooManyFiles: (limit: number) => (limit === 1 ? 'Only one file can be attached.' : `Only ${limit} files can be attached.`),
  tools: 'Tools',
  tryAgain: 'Try again',
  uploadFailed: 'The file could not be uploaded.',
  uploadRetry: (name: string) => `Upload ${name} again`,
  uploading: (name: string) => `Uploading ${name}`,
  untitled: 'New chat',
  unsupportedWidget: 'This content cannot be shown.',
  working: 'Working…',
  worked: (seconds: string) => `Done in ${seconds}`,
  youSaid: 'You said:',
}

const tables: Record<string, Partial<Strings>> = {}

/** The texts for a BCP 47 locale: the exact one, else its language, else English. */
export function stringsFor(locale: string): Strings {
  return { ...en, ...tables[locale.split('-')[0] ?? ''], ...tables[locale] }
}

const RIGHT_TO_LEFT = new Set(['ar', 'dv', 'fa', 'he', 'ps', 'ur', 'yi'])

/** The writing direction of a locale's language. */
export function directionOf(locale: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(locale.split('-')[0] ?? '') ? 'rtl' : 'ltr'
}
