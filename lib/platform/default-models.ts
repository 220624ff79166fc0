/**
 * OpenAI's models that are used if the settings name no others. This is the only place that names
 * them for the code; README.md and docs/ are compared with it by a test. Looked up on 2026-11-29 in
 * OpenAI's lists of models and deprecations.
 */
export const DEFAULT_MODEL = 'gpt-6.2-sol'

/** The same for turning speech into text. */
export const DEFAULT_TRANSCRIPTION_MODEL = 'gpt-transcribe'
